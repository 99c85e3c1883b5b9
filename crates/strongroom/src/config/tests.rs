//! The rules of configuration as a whole: layers, provenance, problems, what is shown.

use std::ffi::OsString;
use std::net::SocketAddr;
use std::os::unix::ffi::OsStringExt;
use std::path::Path;
use std::time::Duration;

use super::problem::Problem;
use super::*;

const FILE: &str = "/etc/strongroom/strongroom.toml";
pub(super) const TENANT: &str = "[[tenant]]\nrp_id = \"localhost\"\n";
pub(super) const UPSTREAM: &str = "[upstream]\nsafe_url = \"https://safe.example/v1/ibexsafe\"\n";
pub(super) const ISSUER: &str = r#"
    [[issuer]]
    issuer = "https://id.example"
    audience = ["strongroom"]
    jwks_file = "keys.json"
    algorithms = ["ES256", "EdDSA"]
    tenant = "localhost"
"#;

fn environment(pairs: &[(&str, &str)]) -> Environment {
    pairs.iter().map(|(name, value)| (name.into(), value.into())).collect()
}

pub(super) fn load(text: &str, pairs: &[(&str, &str)]) -> Result<Loaded, Refused> {
    Config::load(Layers::new(environment(pairs)).with_text(Path::new(FILE), text))
}

/// A file with one tenant that is good but for what is given.
pub(super) fn load_with(text: &str, pairs: &[(&str, &str)]) -> Result<Loaded, Refused> {
    load(&format!("{text}\n{TENANT}"), pairs)
}

pub(super) fn problems(loaded: Result<Loaded, Refused>) -> Vec<Problem> {
    loaded.err().map(|refused| refused.problems).unwrap_or_default()
}

pub(super) fn in_file() -> Source {
    Source::File(FILE.into())
}

fn in_variable(name: &str) -> Source {
    Source::Environment(name.to_owned())
}

fn safe(config: &Config) -> &Safe {
    match &config.place {
        Place::Here(safe) => safe,
        Place::Remote(_) => panic!("a gateway"),
    }
}

fn address(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

pub(super) fn shown(loaded: &Loaded) -> String {
    let mut out = Vec::new();
    InForce::write_all(&loaded.in_force, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

#[test]
fn a_tenant_is_all_that_must_be_given() {
    let config = load(TENANT, &[]).unwrap().config;
    assert_eq!(config.server.listen, [address("127.0.0.1:8080")]);
    assert_eq!(config.server.admin_listen, Some(address("127.0.0.1:9090")));
    assert_eq!(config.server.workers, None);
    assert_eq!(config.tenants[0].id.as_str(), "localhost");
    assert_eq!(config.tenants[0].name, "localhost");
    assert!(!config.tenants[0].sign_up_without_passkey);
    assert_eq!(config.limits.record, strongroom_domain::Limits::default());
    assert_eq!(config.log, Log { format: LogFormat::Auto, level: tracing::Level::INFO, access: true });
    assert!(config.issuers.is_empty());
}

#[test]
fn environment_beats_file_beats_default() {
    let file = format!("server.drain_s = 1\nserver.workers = 1\n{TENANT}");
    let loaded = load(&file, &[("STRONGROOM_SERVER__WORKERS", "2")]).unwrap();
    let server = &loaded.config.server;
    assert_eq!(server.admin_listen, Some(address("127.0.0.1:9090")));
    assert_eq!(server.drain, Duration::from_secs(1));
    assert_eq!(server.workers.map(usize::from), Some(2));

    let source = |key: &str| loaded.in_force.iter().find(|it| it.key == key).unwrap().source.clone();
    assert_eq!(source("server.admin_listen"), Source::Default);
    assert_eq!(source("server.drain_s"), in_file());
    assert_eq!(source("server.workers"), in_variable("STRONGROOM_SERVER__WORKERS"));
}

#[test]
fn a_string_of_the_environment_becomes_a_number_only_where_a_number_belongs() {
    let pairs = [
        ("STRONGROOM_SAFE__PATH", "12345"),
        ("STRONGROOM_LIMITS__VALUE_BYTES", "12345"),
        ("STRONGROOM_SAFE__KEYRING_FILE", "true"),
    ];
    let config = load(TENANT, &pairs).unwrap().config;
    assert_eq!(safe(&config).path, Path::new("12345"));
    assert_eq!(config.limits.record.value_bytes, 12345);
    assert_eq!(safe(&config).keyring, KeySource::File("true".into()));
}

#[test]
fn a_string_of_the_file_is_never_a_number_nor_a_number_a_string() {
    let found = problems(load_with("server.drain_s = \"5\"\nsafe.path = 5", &[]));
    let keys: Vec<_> = found.iter().map(|problem| problem.key.as_str()).collect();
    assert_eq!(keys, ["server.drain_s", "safe.path"]);
}

#[test]
fn lists_of_the_environment_are_separated_by_commas() {
    for (text, expected) in
        [("127.0.0.1:1", &["127.0.0.1:1"][..]), ("127.0.0.1:1, [::1]:2", &["127.0.0.1:1", "[::1]:2"])]
    {
        let config = load(TENANT, &[("STRONGROOM_SERVER__LISTEN", text)]).unwrap().config;
        assert_eq!(config.server.listen, expected.iter().map(|text| address(text)).collect::<Vec<_>>());
    }
}

#[test]
fn relative_paths_of_the_file_and_of_defaults_are_relative_to_the_file() {
    let text =
        format!("safe.path = \"here\"\ntokens.signing_keys_file = \"/run/signing.json\"\n{ISSUER}{TENANT}");
    let config = load(&text, &[]).unwrap().config;
    assert_eq!(safe(&config).path, Path::new("/etc/strongroom/here"));
    assert_eq!(safe(&config).keyring, KeySource::File("/etc/strongroom/keyring.json".into()));
    assert_eq!(config.tokens.signing_keys, KeySource::File("/run/signing.json".into()));
    assert_eq!(config.issuers[0].keys, IssuerKeys::Jwks("/etc/strongroom/keys.json".into()));

    let config = load(TENANT, &[("STRONGROOM_SAFE__PATH", "here")]).unwrap().config;
    assert_eq!(safe(&config).path, Path::new("here"), "those of the environment are as they are");
}

#[test]
fn keys_of_the_environment_come_before_the_file_s_and_are_never_shown() {
    const HUSH: &str = "{\"hush\":12345}";
    let loaded = load_with(
        "safe.keyring_file = \"k.json\"",
        &[("STRONGROOM_SAFE__KEYRING", HUSH), ("STRONGROOM_TOKENS__SIGNING_KEYS", HUSH)],
    )
    .unwrap();
    for keys in [&safe(&loaded.config).keyring, &loaded.config.tokens.signing_keys] {
        assert!(matches!(keys, KeySource::Environment(secret) if secret.as_bytes() == HUSH.as_bytes()));
    }
    let text = shown(&loaded);
    assert!(text.contains("# keyring: set") && text.contains("# signing_keys: set"), "{text}");
    assert!(!text.contains("k.json"), "what is not in force is not shown: {text}");
    for text in [text, format!("{loaded:?}")] {
        assert!(!text.contains("hush") && !text.contains("12345"), "{text}");
    }
}

#[test]
fn a_secret_is_in_no_problem_either() {
    let pairs = [
        ("STRONGROOM_SAFE__KEYRING", "hush"),
        ("STRONGROOM_SAFE__KEYRING_FILE", "k.json"),
        ("STRONGROOM_TOKENS__SIGNING_KEY", "hush"),
        ("STRONGROOM_KEYRING", "hush"),
    ];
    let refused = load_with("tokens.signing_keys = \"hush\"\nlog.level = \"hush\"", &pairs).unwrap_err();
    assert_eq!(refused.problems.len(), 5, "{refused}");
    assert!(!refused.to_string().contains("hush") && !format!("{refused:?}").contains("hush"), "{refused}");

    let refused = load("safe.keyring = hush", &[]).unwrap_err();
    assert!(refused.to_string().contains("line 1") && !refused.to_string().contains("hush"), "{refused}");
}

/// Settings that are refused one at a time: the text of the file and the key that is named.
const BAD_SETTINGS: &[(&str, &str)] = &[
    ("server.listen = []", "server.listen"),
    ("server.listen = \"127.0.0.1:8080\"", "server.listen"),
    ("server.listen = [\"localhost:8080\"]", "server.listen[0]"),
    ("server.listen = [\"127.0.0.1:1\", 8080]", "server.listen[1]"),
    ("server.listen = [\"127.0.0.1:1\", \"127.0.0.1:1\"]", "server.listen[1]"),
    ("server.admin_listen = \"127.0.0.1:8080\"", "server.admin_listen"),
    ("server.admin_listen = \"off\"", "server.admin_listen"),
    ("server.workers = -1", "server.workers"),
    ("server.workers = 1025", "server.workers"),
    ("server.drain_s = 0", "server.drain_s"),
    ("server.drain_s = 1.5", "server.drain_s"),
    ("server = 5", "server"),
    ("server.tls.certificate_file = \"x\"", "server.tls.private_key_file"),
    ("server.tls = true", "server.tls"),
    ("server.trusted_proxies = [\"10.0.0.1/8\"]", "server.trusted_proxies[0]"),
    ("server.trusted_proxies = [\"::/0\", \"proxy\"]", "server.trusted_proxies[1]"),
    ("safe.store = \"postgres\"", "safe.store"),
    ("safe.path = \"\"", "safe.path"),
    ("safe.path = \"a\\u0000b\"", "safe.path"),
    ("safe.keyring = \"{}\"", "safe.keyring"),
    ("safe.keyring_file = \"\"", "safe.keyring_file"),
    ("safe.outbox_versions_per_record = 0", "safe.outbox_versions_per_record"),
    ("safe.outbox_versions_per_record = 10001", "safe.outbox_versions_per_record"),
    ("safe.outbox_bytes_per_record = 4095", "safe.outbox_bytes_per_record"),
    ("tokens.access_lifetime_s = 59", "tokens.access_lifetime_s"),
    ("tokens.refresh_lifetime_s = 3599", "tokens.refresh_lifetime_s"),
    ("tokens.leeway_s = 301", "tokens.leeway_s"),
    ("limits.body_bytes = 1023", "limits.body_bytes"),
    ("limits.body_bytes = 1048577", "limits.body_bytes"),
    ("limits.chunks = 0", "limits.chunks"),
    ("limits.chunks = 65537", "limits.chunks"),
    ("limits.record_bytes = 18446744073709551616", ""),
    ("limits.record_keys = 0", "limits.record_keys"),
    ("limits.value_bytes = true", "limits.value_bytes"),
    ("limits.connections = 0", "limits.connections"),
    ("limits.requests_in_flight = 1000001", "limits.requests_in_flight"),
    ("limits.body_s = 0", "limits.body_s"),
    ("limits.idle_s = 0", "limits.idle_s"),
    ("limits.head_s = 601", "limits.head_s"),
    ("limits.first_byte_s = 0", "limits.first_byte_s"),
    ("limits.body_bytes_per_s = 0", "limits.body_bytes_per_s"),
    ("limits.write_stall_s = 0", "limits.write_stall_s"),
    ("limits.head_bytes = 1023", "limits.head_bytes"),
    ("limits.target_bytes = 32769", "limits.target_bytes"),
    ("limits.header_fields = 257", "limits.header_fields"),
    ("limits.sign_ups_per_hour = 0", "limits.sign_ups_per_hour"),
    ("limits.passkey_sign_ups_per_hour = 0", "limits.passkey_sign_ups_per_hour"),
    ("limits.rate_per_person_per_s = -1", "limits.rate_per_person_per_s"),
    ("limits.rate_per_address_per_s = 100001", "limits.rate_per_address_per_s"),
    ("limits.connections_per_address = 0", "limits.connections_per_address"),
    ("log.format = \"xml\"", "log.format"),
    ("log.level = \"INFO\"", "log.level"),
    ("log.access = 1", "log.access"),
    ("wallet.kind = \"none\"", "wallet"),
    ("mail.transport = \"fax\"", "mail.transport"),
    ("upstream.safe_url = \"\"", "upstream.safe_url"),
    ("drain_s = 5", "drain_s"),
    ("issuer = []\nissuers = []", "issuers"),
    ("issuer = [5]", "issuer[0]"),
    ("issuer.issuer = \"x\"", "issuer"),
    ("log.level = \"info\"\nlog.level = \"info\"", ""),
    ("[server", ""),
];

#[test]
fn a_bad_setting_is_refused_by_its_key_and_the_file() {
    for (text, key) in BAD_SETTINGS {
        let found = problems(load_with(text, &[]));
        let named: Vec<_> = found.iter().map(|problem| (problem.key.as_str(), &problem.source)).collect();
        assert_eq!(named, [(*key, &in_file())], "{text}");
    }
}

/// Tenants and issuers that are refused: replacements in a good file, and the keys that are named.
const BAD_TABLES: &[(&str, &str, &[&str])] = &[
    ("rp_id = \"localhost\"", "rp_id = \"Localhost\"", &["tenant[0].rp_id"]),
    ("rp_id = \"localhost\"", "rp_id = \"127.0.0.1\"", &["tenant[0].rp_id", "issuer[0].tenant"]),
    ("rp_id = \"localhost\"", "rp_id = \"example\"", &["issuer[0].tenant"]),
    ("rp_id = \"localhost\"", "", &["tenant[0].rp_id"]),
    ("rp_id = \"localhost\"", "rp_id = \"localhost\"\nchains = []", &["tenant[0].chains"]),
    ("rp_id", "origins = [\"http://localhost\", \"http://localhost/\"]\nrp_id", &["tenant[0].origins[1]"]),
    ("rp_id", "origins = [\"http://localhost\", \"http://localhost\"]\nrp_id", &["tenant[0].origins[1]"]),
    ("rp_id", "origins = [\"https://other.example\"]\nrp_id", &["tenant[0].origins[0]"]),
    ("rp_id", "sign_up_without_passkey = \"true\"\nrp_id", &["tenant[0].sign_up_without_passkey"]),
    ("[[tenant]]", "[[tenant]]\nrp_id = \"localhost\"\n[[tenant]]", &["tenant[1].rp_id"]),
    ("issuer = \"https://id.example\"", "", &["issuer[0].issuer"]),
    ("issuer = \"https://id.example\"", "issuer = \"\"", &["issuer[0].issuer"]),
    ("issuer = \"https://id.example\"", "issuer = \"localhost\"", &["issuer[0].issuer"]),
    ("audience = [\"strongroom\"]", "", &["issuer[0].audience"]),
    ("audience = [\"strongroom\"]", "audience = []", &["issuer[0].audience"]),
    ("audience = [\"strongroom\"]", "audience = [\"\"]", &["issuer[0].audience[0]"]),
    ("jwks_file = \"keys.json\"", "", &["issuer[0]"]),
    ("jwks_file", "jwks_uri = \"https://id.example/keys\"\njwks_file", &["issuer[0].jwks_uri"]),
    ("jwks_file", "gateway = true\njwks_file", &["issuer[0].tenant"]),
    ("jwks_file", "gateway = \"true\"\njwks_file", &["issuer[0].gateway"]),
    ("jwks_file", "token_type = \"GA+jwt\"\njwks_file", &["issuer[0].token_type"]),
    ("jwks_file", "secret_file = \"s\"\njwks_file", &["issuer[0]"]),
    ("jwks_file", "secret_file", &["issuer[0].algorithms"]),
    ("\"EdDSA\"", "\"none\"", &["issuer[0].algorithms[1]"]),
    ("\"EdDSA\"", "\"HS256\"", &["issuer[0].algorithms"]),
    ("algorithms = [\"ES256\", \"EdDSA\"]", "", &["issuer[0].algorithms"]),
    ("tenant = \"localhost\"", "tenant = \"other.example\"", &["issuer[0].tenant"]),
    ("tenant = \"localhost\"", "", &["issuer[0].tenant"]),
];

#[test]
fn a_bad_tenant_or_issuer_is_refused_by_its_key_and_the_file() {
    let good = format!("{ISSUER}{TENANT}");
    assert!(load(&good, &[]).is_ok());
    for (from, to, keys) in BAD_TABLES {
        assert!(good.contains(from), "{from}");
        let found = problems(load(&good.replace(from, to), &[]));
        let named: Vec<_> = found.iter().map(|problem| problem.key.as_str()).collect();
        assert!(named.iter().all(|key| keys.contains(key)) && !named.is_empty(), "{to}: {named:?}");
        assert!(found.iter().all(|problem| problem.source == in_file()), "{to}: {found:?}");
    }
}

#[test]
fn a_public_key_never_serves_as_a_shared_secret() {
    let text = format!("{ISSUER}{TENANT}").replace("jwks_file", "public_key_file");
    assert!(load(&text, &[]).is_ok());
    let found = problems(load(&text.replace("\"ES256\", \"EdDSA\"", "\"HS256\""), &[]));
    assert_eq!(
        found.iter().map(|problem| problem.key.as_str()).collect::<Vec<_>>(),
        ["issuer[0].algorithms"]
    );
}

#[test]
fn two_issuers_of_one_name_and_two_tenants_of_one_origin_are_refused() {
    let text = format!(
        "{ISSUER}{ISSUER}
        [[tenant]]\nrp_id = \"shop.example\"\norigins = [\"https://eu.shop.example\"]
        [[tenant]]\nrp_id = \"eu.shop.example\"\norigins = [\"https://eu.shop.example\"]\n{TENANT}"
    );
    let found = problems(load(&text, &[]));
    let keys: Vec<_> = found.iter().map(|problem| problem.key.as_str()).collect();
    assert_eq!(keys, ["tenant[1].origins[0]", "issuer[1].issuer"]);
}

#[test]
fn sign_up_without_passkey_needs_every_listener_on_loopback() {
    let tenant = format!("{TENANT}sign_up_without_passkey = true\n");
    for (listen, is_refused) in [
        ("127.0.0.1:8080", false),
        ("127.0.0.1:8080,[::1]:8080", false),
        ("0.0.0.0:8080", true),
        ("127.0.0.1:8080,192.0.2.1:8080", true),
    ] {
        let found = problems(load(&tenant, &[("STRONGROOM_SERVER__LISTEN", listen)]));
        let keys: Vec<_> = found.iter().map(|problem| problem.key.as_str()).collect();
        let expected: &[&str] = if is_refused { &["tenant[0].sign_up_without_passkey"] } else { &[] };
        assert_eq!(keys, expected, "{listen}");
    }
}

#[test]
fn all_problems_are_told_at_once_each_with_its_key_and_its_source() {
    let text = "
        [server]
        drain_s = 0
        listen = [\"127.0.0.1:1\", \"x\", \"y\"]
        typo = 1
        [log]
        level = \"loud\"
        [wallet]
        kind = \"none\"
    ";
    let pairs = [
        ("STRONGROOM_LIMITS__BODY_BYTES", "lots"),
        ("STRONGROOM_SAFE__PASSWORD", "12345"),
        ("STRONGROOM_SERVER_LISTEN", "127.0.0.1:1"),
        ("STRONGROOM_server__workers", "1"),
        ("PATH", "/bin"),
    ];
    let refused = load(text, &pairs).unwrap_err();
    let found: Vec<_> = refused.problems.iter().map(|it| (it.key.as_str(), it.source.clone())).collect();
    let expected = [
        ("", in_variable("STRONGROOM_SERVER_LISTEN")),
        ("", in_variable("STRONGROOM_server__workers")),
        ("server.listen[1]", in_file()),
        ("server.listen[2]", in_file()),
        ("server.drain_s", in_file()),
        ("server.typo", in_file()),
        ("safe.password", in_variable("STRONGROOM_SAFE__PASSWORD")),
        ("limits.body_bytes", in_variable("STRONGROOM_LIMITS__BODY_BYTES")),
        ("log.level", in_file()),
        ("tenant", Source::Default),
        ("wallet", in_file()),
    ];
    assert_eq!(found, expected);
    let text = refused.to_string();
    assert!(
        text.contains(
            "\n  server.drain_s: expected a whole number from 1 to 600 (file /etc/strongroom/strongroom.toml)\n"
        ),
        "{text}"
    );
}

#[test]
fn a_variable_that_reaches_into_a_setting_or_a_table_is_refused() {
    for (name, key) in [
        ("STRONGROOM_SERVER__DRAIN_S__X", "server.drain_s"),
        ("STRONGROOM_SERVER__LISTEN__0", "server.listen"),
        ("STRONGROOM_SAFE__KEYRING__X", "safe.keyring"),
        ("STRONGROOM_TENANT__NAME", "tenant"),
        ("STRONGROOM_TENANT__0__NAME", "tenant"),
        ("STRONGROOM_WALLET__KIND", "wallet"),
        ("STRONGROOM___X", ""),
        ("STRONGROOM_SERVER__", "server."),
    ] {
        let found =
            problems(load_with("server.drain_s = 5\nserver.listen = [\"127.0.0.1:1\"]", &[(name, "1")]));
        assert!(found.iter().any(|it| it.key == key && it.source == in_variable(name)), "{name}: {found:?}");
    }
}

#[test]
fn a_variable_that_is_not_utf_8_is_refused_when_it_is_ours() {
    let bad = || OsString::from_vec(vec![0xff]);
    let layers = Layers::new(vec![("OTHER".into(), bad()), ("STRONGROOM_SAFE__PATH".into(), bad())]);
    let found = problems(Config::load(layers.with_text(Path::new(FILE), TENANT)));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].source, in_variable("STRONGROOM_SAFE__PATH"));
}

#[test]
fn what_kubernetes_sets_beside_a_service_of_our_name_is_nobody_s_mistake() {
    let pairs = [
        ("STRONGROOM_SERVICE_HOST", "10.0.0.1"),
        ("STRONGROOM_SERVICE_PORT_HTTP", "8080"),
        ("STRONGROOM_PORT", "tcp://10.0.0.1:8080"),
        ("STRONGROOM_PORT_8080_TCP_ADDR", "10.0.0.1"),
        ("STRONGROOM_ADMIN_SERVICE_HOST", "10.0.0.1"),
    ];
    assert!(load(TENANT, &pairs).is_ok());
    assert!(load(TENANT, &[("STRONGROOM_SUPPORT", "1")]).is_err());
}

#[test]
fn what_is_shown_reads_back_as_what_is_in_force() {
    let text = format!(
        "{ISSUER}token_type = \"a\\\"b\\\\c\"\n{TENANT}origins = [\"http://localhost\", \"http://[::1]:1\"]"
    );
    let environment =
        [("STRONGROOM_SERVER__LISTEN", "127.0.0.1:1,[::1]:0"), ("STRONGROOM_SERVER__DRAIN_S", "5")];
    let loaded = load(&text, &environment).unwrap();
    let again = load(&shown(&loaded), &[]).unwrap();
    let values = |loaded: &Loaded| -> Vec<_> {
        loaded.in_force.iter().map(|it| (it.key.clone(), it.value.clone())).collect()
    };
    assert_eq!(values(&again), values(&loaded));
    assert_eq!(format!("{:?}", again.config), format!("{:?}", loaded.config));
    assert!(shown(&loaded).contains("# environment STRONGROOM_SERVER__LISTEN\n"));
}

#[test]
fn a_file_that_is_too_long_is_not_read_to_its_end() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("strongroom.toml");
    std::fs::write(&file, "#".repeat(1024 * 1024 + 1)).unwrap();
    let found = problems(Config::load(Layers::new(Vec::new()).with_file(&file)));
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].source, Source::File(file));
    assert!(found[0].message.contains("longer than 1048576 bytes"), "{}", found[0]);
}
