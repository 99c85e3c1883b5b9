//! `[mail]`: what each way out takes, and what none does.

use std::path::Path;

use super::tests::{ISSUER, TENANT, UPSTREAM, load};
use super::*;

fn read(lines: &str) -> Result<Mail, Vec<String>> {
    let loaded = load(&format!("[mail]\n{lines}\n{TENANT}"), &[]);
    loaded.map(|loaded| loaded.config.mail).map_err(|refused| {
        refused.problems.iter().map(|problem| format!("{}: {}", problem.key, problem.message)).collect()
    })
}

#[test]
fn mail_goes_nowhere_unless_somebody_says_where() {
    assert_eq!(read("").unwrap().transport, Transport::Log);
    let file = read("transport = \"file\"").unwrap().transport;
    assert_eq!(file, Transport::File("/etc/strongroom/mail".into()));
    let smtp = read(
        "transport = \"smtp\"\nsmtp_url = \"smtps://me@mail.example\"\npassword_file = \"p\"\nca_file = \"ca.pem\"",
    );
    let Transport::Smtp { password, authorities, .. } = smtp.unwrap().transport else { panic!("no smtp") };
    assert_eq!(password.unwrap(), Path::new("/etc/strongroom/p"));
    assert_eq!(authorities.unwrap(), Path::new("/etc/strongroom/ca.pem"));
}

#[test]
fn what_does_not_go_with_the_way_out_is_refused() {
    let smtp = "transport = \"smtp\"\nsmtp_url";
    for (lines, problem) in [
        ("transport = \"pigeon\"", r#"mail.transport: expected "log", "file" or "smtp""#),
        ("from = \"me\"", "mail.from: not an e-mail address of at most 254 bytes"),
        ("transport = \"smtp\"", r#"mail.smtp_url: must be given with transport = "smtp""#),
        ("smtp_url = \"smtps://mail.example\"", r#"mail.smtp_url: goes with transport = "smtp" only"#),
        ("password_file = \"p\"", r#"mail.password_file: goes with transport = "smtp" only"#),
        ("ca_file = \"p\"", r#"mail.ca_file: goes with transport = "smtp" only"#),
        ("directory = \"p\"", r#"mail.directory: goes with transport = "file" only"#),
        (
            &format!("{smtp} = \"smtps://me@mail.example\""),
            "mail.password_file: must be given with a user in smtp_url",
        ),
        (
            &format!("{smtp} = \"smtps://mail.example\"\npassword_file = \"p\""),
            "mail.password_file: goes with a user in smtp_url only",
        ),
        (&format!("{smtp} = \"smtp://localhost\"\nca_file = \"p\""), "mail.ca_file: goes with TLS only"),
    ] {
        assert_eq!(read(lines).unwrap_err(), [problem], "{lines}");
    }
}

#[test]
fn a_url_that_holds_a_password_is_refused_and_not_repeated() {
    let refused = read("transport = \"smtp\"\nsmtp_url = \"smtps://me:secret@mail.example\"").unwrap_err();
    assert_eq!(refused, ["mail.smtp_url: holds a password: that belongs into password_file"]);
}

#[test]
fn a_gateway_mails_nobody() {
    let text = format!("{UPSTREAM}{ISSUER}[mail]\ntransport = \"file\"\nfrom = \"me@x.example\"\n{TENANT}");
    let refused = load(&text, &[]).unwrap_err();
    let keys: Vec<_> = refused.problems.iter().map(|problem| problem.key.as_str()).collect();
    assert_eq!(keys, ["mail.transport", "mail.from"]);
}
