//! What the SDKs are asked to predict: deployments, with what each SDK is told of them. Where one is told nothing, its own
//! defaults are what ours are held to.

use serde_json::{Map, Value, json};
use strongroom_ports::ChainId;
use strongroom_wallet::{Contract, ContractAddress, Deployment, SaltNonce};

/// A deployment, and who is asked about it.
pub(crate) struct Order {
    pub(crate) name: String,
    pub(crate) chain: ChainId,
    pub(crate) deployment: Deployment,
    pub(crate) sdks: Vec<&'static str>,
    /// The contracts whose places the SDKs are told.
    told: Vec<Contract>,
    salt_nonce: &'static str,
}

impl Order {
    /// All contracts as they stand by default, of which both SDKs are told.
    fn new(name: &str, deployment: Deployment) -> Self {
        Self {
            name: name.to_owned(),
            chain: ChainId::parse("8453").unwrap(),
            deployment,
            sdks: vec!["abstractionkit", "permissionless"],
            told: Contract::ALL.to_vec(),
            salt_nonce: "0",
        }
    }

    fn salted(name: &str, salt_nonce: &'static str) -> Self {
        let mut order = Self::new(name, Deployment::default());
        order.deployment.salt_nonce = SaltNonce::parse(salt_nonce).unwrap();
        order.salt_nonce = salt_nonce;
        order
    }

    fn on(mut self, chain: &str) -> Self {
        self.chain = ChainId::parse(chain).unwrap();
        self
    }

    pub(crate) fn as_asked(&self) -> Value {
        let contracts: Map<_, _> = self
            .told
            .iter()
            .map(|contract| (format!("{contract:?}"), json!(self.deployment.at(*contract).to_string())))
            .collect();
        json!({
            "name": self.name,
            "chain": self.chain.to_string(),
            "sdks": self.sdks,
            "contracts": contracts,
            "precompile": self.deployment.p256_precompile,
            "salt_nonce": self.salt_nonce,
        })
    }
}

/// Every order.
pub(crate) fn all() -> Vec<Order> {
    let mut orders = vec![
        Order {
            sdks: vec!["permissionless"],
            told: Vec::new(),
            ..Order::new("one SDK, told nothing", Deployment::default())
        },
        // The other one's own defaults are older, but for the singleton, which is that of L2.
        Order {
            sdks: vec!["abstractionkit"],
            told: vec![Contract::SharedSigner, Contract::P256Verifier],
            ..Order::new("the other SDK, told the newer passkey contracts", safe_l2())
        },
        Order {
            sdks: vec!["abstractionkit"],
            told: Vec::new(),
            ..Order::new("the other SDK, told nothing", passkeys_0_2_0())
        },
        Order::new("mainnet", Deployment::default()).on("1"),
        Order::new("an id of 64 bits", safe_l2()).on("11297108109"),
    ];
    orders.extend(single_changes());
    orders
}

/// The default, and each part of it changed alone.
pub(crate) fn single_changes() -> Vec<Order> {
    let mut orders = vec![
        Order::new("the default", Deployment::default()),
        Order::new("SafeL2", safe_l2()),
        Order::new("a precompile", with_precompile(0x0100)),
        Order::new("a precompile of two bytes", with_precompile(0xfedc)),
        Order::salted("salt nonce 1", "1"),
        Order::salted("a long salt nonce", "340282366920938463463374607431768211456"),
        Order::salted(
            "the last salt nonce",
            "115792089237316195423570985008687907853269984665640564039457584007913129639935",
        ),
    ];
    orders.extend(Contract::ALL.map(|contract| {
        let elsewhere = Deployment::default().at(other_than(contract));
        Order::new(&format!("{contract:?} elsewhere"), Deployment::default().with(contract, elsewhere))
    }));
    orders
}

/// Any other contract's place will do for an address that is not the right one.
fn other_than(contract: Contract) -> Contract {
    match contract {
        Contract::MultiSend => Contract::ProxyFactory,
        _ => Contract::MultiSend,
    }
}

fn with_precompile(p256_precompile: u16) -> Deployment {
    let mut deployment = Deployment::default();
    deployment.p256_precompile = p256_precompile;
    deployment
}

/// `SafeL2` 1.4.1, whose events the services of Safe read on chains without traces.
fn safe_l2() -> Deployment {
    with(Contract::Singleton, "0x29fcB43b46531BcA003ddC8FCB67FFE91900C762", Deployment::default())
}

/// The passkey contracts before 0.2.1, with `SafeL2`.
fn passkeys_0_2_0() -> Deployment {
    let signer = with(Contract::SharedSigner, "0xfD90FAd33ee8b58f32c00aceEad1358e4AFC23f9", safe_l2());
    with(Contract::P256Verifier, "0x445a0683e494ea0c5AF3E83c5159fBE47Cf9e765", signer)
}

fn with(contract: Contract, address: &str, deployment: Deployment) -> Deployment {
    deployment.with(contract, ContractAddress::parse(address).unwrap())
}
