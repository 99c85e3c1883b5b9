// What two SDKs of others predict, and what Safe publishes about its contracts. Knows nothing of Strongroom; asks no chain.
import crypto from "node:crypto";
import fs from "node:fs";
import { createRequire } from "node:module";

import { SafeAccountV0_3_0 } from "abstractionkit";
import { keccak256, solidityPacked } from "ethers";
import { toSafeSmartAccount } from "permissionless/accounts";
import { createClient, custom, encodeFunctionResult, defineChain, parseAbi } from "viem";
import { entryPoint07Address, toWebAuthnAccount } from "viem/account-abstraction";

const require = createRequire(import.meta.url);
const question = JSON.parse(fs.readFileSync(0, "utf8"));

// Keys of P-256 by OpenSSL: private keys are hashes of the seed and a number.
function key(number) {
  const ecdh = crypto.createECDH("prime256v1");
  ecdh.setPrivateKey(crypto.createHash("sha256").update(`${question.seed} ${number}`).digest());
  const point = ecdh.getPublicKey("hex", "uncompressed");
  return { x: point.slice(2, 66), y: point.slice(66) };
}

function keys() {
  const all = [];
  for (let number = 0; number < question.keys; number++) all.push(key(number));
  for (const coordinate of ["x", "y"]) {
    let number = question.keys;
    while (!key(number)[coordinate].startsWith("00")) number++;
    all.push(key(number));
  }
  return all;
}

// The one thing that an SDK asks a chain for; whether it is right, the other SDK's hash of it tells.
const proxyCode = question.proxy_creation_code;
const abi = parseAbi(["function proxyCreationCode() pure returns (bytes)"]);
const initHash = (singleton) => keccak256(solidityPacked(["bytes", "uint256"], [proxyCode, BigInt(singleton)]));
const transport = custom({
  async request({ method }) {
    if (method !== "eth_call") throw new Error(`a chain is asked for ${method}`);
    return encodeFunctionResult({ abi, functionName: "proxyCreationCode", result: proxyCode });
  },
});

async function permissionless({ x, y }, order) {
  const chain = defineChain({
    id: Number(order.chain),
    name: "a chain",
    nativeCurrency: { name: "coin", symbol: "C", decimals: 18 },
    rpcUrls: { default: { http: [] } },
  });
  const owner = toWebAuthnAccount({ credential: { id: "passkey", publicKey: `0x${x}${y}` } });
  const at = order.contracts;
  const account = await toSafeSmartAccount({
    client: createClient({ chain, transport }),
    version: "1.4.1",
    entryPoint: { address: entryPoint07Address, version: "0.7" },
    owners: [owner],
    saltNonce: BigInt(order.salt_nonce),
    safeProxyFactoryAddress: at.ProxyFactory,
    safeSingletonAddress: at.Singleton,
    multiSendAddress: at.MultiSend,
    safeModuleSetupAddress: at.ModuleSetup,
    safe4337ModuleAddress: at.Safe4337Module,
    safeWebAuthnSharedSignerAddress: at.SharedSigner,
    // Taken as a number: two bytes more are the precompile.
    safeP256VerifierAddress: order.precompile ? `0x${hex16(order.precompile)}${at.P256Verifier.slice(2)}` : at.P256Verifier,
  });
  return account.address;
}

function abstractionkit({ x, y }, order) {
  const at = order.contracts;
  const precompile = order.precompile && `0x${"0".repeat(36)}${hex16(order.precompile)}`;
  return SafeAccountV0_3_0.createAccountAddress([{ x: BigInt(`0x${x}`), y: BigInt(`0x${y}`) }], {
    c2Nonce: BigInt(order.salt_nonce),
    safeAccountFactoryAddress: at.ProxyFactory,
    safeAccountSingleton: at.Singleton && { singletonAddress: at.Singleton, singletonInitHash: initHash(at.Singleton) },
    multisendContractAddress: at.MultiSend,
    safeModuleSetupAddress: at.ModuleSetup,
    safe4337ModuleAddress: at.Safe4337Module,
    webAuthnSharedSigner: at.SharedSigner,
    eip7212WebAuthnContractVerifierForSharedSigner: at.P256Verifier,
    eip7212WebAuthnPrecompileVerifierForSharedSigner: precompile || undefined,
  });
}

const hex16 = (number) => number.toString(16).padStart(4, "0");

// Of SafeL2: as an SDK has it for its new accounts, and made of the code that we were given.
function initHashes() {
  const { singletonAddress, singletonInitHash } = new SafeAccountV0_3_0(entryPoint07Address).safeAccountSingleton;
  return { known_init_hash: singletonInitHash, given_init_hash: initHash(singletonAddress) };
}

async function predict() {
  const sdks = { abstractionkit, permissionless };
  const all = keys();
  const wallets = [];
  for (const order of question.orders) {
    for (const sdk of order.sdks) {
      for (const owner of all) wallets.push({ order: order.name, sdk, ...owner, address: await sdks[sdk](owner, order) });
    }
  }
  return { wallets, ...initHashes() };
}

// Chain ids to addresses, by contract: the canonical ones of safe-deployments, those of safe-modules-deployments as they are.
function published() {
  const safe = (file) => {
    const { deployments, networkAddresses } = require(`@safe-global/safe-deployments/dist/assets/v1.4.1/${file}.json`);
    const is = (kind) => ([, kinds]) => [kinds].flat().includes(kind);
    const chains = Object.entries(networkAddresses);
    const canonical = chains.filter(is("canonical")).map(([id]) => [id, deployments.canonical.address]);
    return { canonical: Object.fromEntries(canonical), zksync: chains.filter(is("zksync")).map(([id]) => id) };
  };
  const module = (file) => require(`@safe-global/safe-modules-deployments/dist/assets/${file}.json`).networkAddresses;
  const factory = safe("safe_proxy_factory");
  return {
    zksync: factory.zksync,
    contracts: {
      ProxyFactory: factory.canonical,
      Singleton: safe("safe").canonical,
      MultiSend: safe("multi_send").canonical,
      ModuleSetup: module("safe-4337-module/v0.3.0/safe-module-setup"),
      Safe4337Module: module("safe-4337-module/v0.3.0/safe-4337-module"),
      SharedSigner: module("safe-passkey-module/v0.2.1/safe-webauthn-shared-signer"),
    },
  };
}

const tasks = { predict, published };
process.stdout.write(JSON.stringify(await tasks[process.argv[2]]()));
