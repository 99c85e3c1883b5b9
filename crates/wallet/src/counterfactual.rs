//! The address of a Safe that has one owner, a passkey, before it is deployed.
//!
//! `SafeProxyFactory.createProxyWithNonce` deploys by CREATE2 (EIP-1014): the address comes of the factory, of a salt that holds
//! the whole call that sets the wallet up, and of the code that is deployed. That call names the shared signer as the owner, and
//! hands it the passkey's key: so the key is in the address, and nobody can deploy another owner there.

use alloy_primitives::{Address, B256, Bytes, U256, keccak256};
use alloy_sol_types::{SolCall, SolType, sol, sol_data};
use strongroom_ports::P256Point;

use crate::deployment::{Contract, Deployment};
use crate::proxy_code::PROXY_CREATION_CODE;

sol! {
    // Of Safe 1.4.1.
    function setup(
        address[] owners,
        uint256 threshold,
        address to,
        bytes data,
        address fallbackHandler,
        address paymentToken,
        uint256 payment,
        address paymentReceiver
    );

    // Of MultiSend 1.4.1.
    function multiSend(bytes transactions);

    // Of SafeModuleSetup 0.3.0.
    function enableModules(address[] modules);

    // Of SafeWebAuthnSharedSigner 0.2.1; `verifiers` is the type P256.Verifiers.
    struct Signer {
        uint256 x;
        uint256 y;
        uint176 verifiers;
    }
    function configure(Signer signer);
}

/// One transaction of a `MultiSend`, packed: operation, to, value, the length of the data, the data.
type Packed =
    (sol_data::Uint<8>, sol_data::Address, sol_data::Uint<256>, sol_data::Uint<256>, sol_data::Bytes);

/// `Enum.Operation.DelegateCall`: the code runs in the wallet's place.
const DELEGATE_CALL: u8 = 1;

/// The hash of what the factory deploys: the same for every wallet of a deployment.
pub(crate) fn init_code_hash(deployment: &Deployment) -> B256 {
    let singleton = deployment.at(Contract::Singleton).address().into_word();
    keccak256([PROXY_CREATION_CODE.as_slice(), singleton.as_slice()].concat())
}

/// The address, with the checksum of EIP-55.
pub(crate) fn address(deployment: &Deployment, init_code_hash: B256, owner: &P256Point) -> String {
    let initializer_hash = keccak256(initializer(deployment, owner));
    let salt_nonce = deployment.salt_nonce.number().to_be_bytes::<32>();
    let salt = keccak256([initializer_hash.as_slice(), &salt_nonce].concat());
    let factory = deployment.at(Contract::ProxyFactory).address();
    factory.create2(salt, init_code_hash).to_checksum(None)
}

/// The call that the new wallet gets from its factory.
fn initializer(deployment: &Deployment, owner: &P256Point) -> Vec<u8> {
    let at = |contract| deployment.at(contract).address();
    let module = at(Contract::Safe4337Module);
    let signer = Signer {
        x: U256::from_be_bytes(owner.x),
        y: U256::from_be_bytes(owner.y),
        verifiers: verifiers(deployment),
    };
    let transactions = [
        packed(at(Contract::ModuleSetup), &enableModulesCall { modules: vec![module] }),
        packed(at(Contract::SharedSigner), &configureCall { signer }),
    ];
    let set_up = multiSendCall { transactions: transactions.concat().into() };
    setupCall {
        owners: vec![at(Contract::SharedSigner)],
        threshold: U256::from(1),
        to: at(Contract::MultiSend),
        data: set_up.abi_encode().into(),
        fallbackHandler: module,
        // Nobody is paid for a deployment.
        paymentToken: Address::ZERO,
        payment: U256::ZERO,
        paymentReceiver: Address::ZERO,
    }
    .abi_encode()
}

/// A call in the wallet's place, as `MultiSend` reads it.
fn packed(to: Address, call: &impl SolCall) -> Vec<u8> {
    let data = Bytes::from(call.abi_encode());
    Packed::abi_encode_packed(&(DELEGATE_CALL, to, U256::ZERO, U256::from(data.len()), data))
}

/// Two bytes of the chain's own verifier, and the address of the contract that is asked where it does not answer.
fn verifiers(deployment: &Deployment) -> alloy_primitives::Uint<176, 3> {
    let mut bytes = [0; 22];
    let (precompile, contract) = bytes.split_at_mut(2);
    precompile.copy_from_slice(&deployment.p256_precompile.to_be_bytes());
    contract.copy_from_slice(deployment.at(Contract::P256Verifier).address().as_slice());
    alloy_primitives::Uint::from_be_bytes(bytes)
}
