//! What goes to a mail server, and what its answers mean.

#![expect(clippy::unwrap_used, reason = "a test ends where something is not as it must be")]

mod server;

use std::sync::Arc;
use std::time::Duration;

use strongroom_domain::EmailAddress;
use strongroom_mail::{Letterhead, SmtpAddress, SmtpMailer, SmtpMailerError};
use strongroom_ports::{Mail, MailError, Mailer};
use strongroom_testkit::fake::{CountingRandomness, ManualClock};
use tokio::time::Instant;

use server::{Refusals, Server, Speaks};

fn letterhead() -> Letterhead {
    let from = EmailAddress::parse("no-reply@shop.example").unwrap();
    Letterhead::new(from, Arc::new(ManualClock::default()), Arc::new(CountingRandomness::new()))
}

fn mail() -> Mail {
    Mail {
        to: "jane@foo.domain".into(),
        subject: "Confirm".into(),
        text: "Your code is 012345\n.\nx\n".into(),
    }
}

fn mailer(url: &str, password: Option<&str>, authorities: Option<&str>) -> SmtpMailer {
    let address = SmtpAddress::parse(url).unwrap();
    SmtpMailer::new(address, password, authorities.map(str::as_bytes), letterhead()).unwrap()
}

async fn send_to(server: &Server) -> Result<(), MailError> {
    mailer(&format!("smtp://127.0.0.1:{}", server.port), None, None).send(&mail()).await
}

#[tokio::test]
async fn a_mail_is_handed_over_whole_from_the_address_that_is_configured() {
    let server = Server::start(Speaks::Clear, Refusals::new()).await;
    assert_eq!(send_to(&server).await, Ok(()));
    let lines = server.lines();
    for line in [
        "EHLO shop.example",
        "MAIL FROM:<no-reply@shop.example>",
        "RCPT TO:<jane@foo.domain>",
        "To: jane@foo.domain",
        "Subject: Confirm",
        "Your code is 012345",
        // A line that would end the mail does not.
        "..",
        "x",
    ] {
        assert!(lines.iter().any(|it| it == line), "{line} in {lines:#?}");
    }
}

#[tokio::test]
async fn an_answer_is_about_the_mail_or_about_now() {
    for (verb, answer, expected) in [
        ("RCPT", "550 no such jane@foo.domain", MailError::Refused),
        ("RCPT", "450 busy", MailError::NotNow),
        ("RCPT", "452 full", MailError::NotNow),
        ("MAIL", "553 not from there", MailError::Refused),
        ("MAIL", "421 closing", MailError::NotNow),
        ("MAIL", "530 who are you", MailError::NotNow),
        ("MAIL", "521 no mail here", MailError::NotNow),
        ("DATA", "554 no", MailError::Refused),
        ("DATA", "451 later", MailError::NotNow),
        ("EHLO", "what", MailError::NotNow),
    ] {
        let server = Server::start(Speaks::Clear, Refusals::from([(verb, answer)])).await;
        assert_eq!(send_to(&server).await, Err(expected), "{verb} {answer}");
    }
}

#[tokio::test]
async fn where_nobody_listens_the_mail_is_for_later() {
    let server = Server::start(Speaks::Clear, Refusals::new()).await;
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap().port();
    assert_ne!(free, server.port);
    assert_eq!(
        mailer(&format!("smtp://127.0.0.1:{free}"), None, None).send(&mail()).await,
        Err(MailError::NotNow)
    );
}

#[tokio::test]
async fn a_server_that_falls_silent_is_waited_for_for_half_a_minute_wherever_it_does() {
    for verb in ["EHLO", "MAIL", "RCPT", "DATA"] {
        let server = Server::start(Speaks::Clear, Refusals::from([(verb, "")])).await;
        let (silent, begun) = (server.is_silent.clone(), Instant::now());
        let sending = tokio::spawn(async move { send_to(&server).await });
        silent.notified().await;
        tokio::time::pause();
        assert_eq!(sending.await.unwrap(), Err(MailError::NotNow), "{verb}");
        assert!(begun.elapsed() >= Duration::from_secs(30), "{verb}");
        tokio::time::resume();
    }
}

#[tokio::test]
async fn with_tls_nothing_is_said_to_a_server_that_nobody_vouches_for() {
    for (speaks, url) in [
        (Speaks::Tls, "smtps://me@localhost:PORT"),
        (Speaks::StartTls, "smtp://me@localhost:PORT?tls=required"),
    ] {
        let server = Server::start(speaks, Refusals::new()).await;
        let url = url.replace("PORT", &server.port.to_string());
        assert_eq!(mailer(&url, Some("secret"), None).send(&mail()).await, Err(MailError::NotNow), "{url}");
        assert!(
            !server.lines().iter().any(|line| line.starts_with("AUTH") || line.starts_with("MAIL")),
            "{url}"
        );
        let trusting = mailer(&url, Some("secret"), Some(&server.authority));
        assert_eq!(trusting.send(&mail()).await, Ok(()), "{url}");
        // RFC 4616: `\0me\0secret`.
        assert!(server.lines().contains(&"AUTH PLAIN AG1lAHNlY3JldA==".to_owned()), "{url}");
    }
}

#[tokio::test]
async fn a_server_without_starttls_is_told_nothing_where_that_is_required() {
    let server = Server::start(Speaks::Clear, Refusals::new()).await;
    let url = format!("smtp://me@localhost:{}?tls=required", server.port);
    let mailer = mailer(&url, Some("secret"), Some(&server.authority));
    assert_eq!(mailer.send(&mail()).await, Err(MailError::NotNow));
    assert!(
        server.lines().iter().all(|line| line.starts_with("EHLO") || line == "QUIT"),
        "{:?}",
        server.lines()
    );
}

#[tokio::test]
async fn a_password_that_is_wrong_is_no_reason_to_drop_a_mail() {
    let server = Server::start(Speaks::Clear, Refusals::from([("AUTH", "535 wrong")])).await;
    let url = format!("smtp://me@127.0.0.1:{}", server.port);
    assert_eq!(mailer(&url, Some("wrong"), None).send(&mail()).await, Err(MailError::NotNow));
}

#[test]
fn half_of_the_credentials_and_authorities_that_are_none_are_refused_at_start() {
    for (url, password, authorities, error) in [
        ("smtps://me@mail.example", None, None, SmtpMailerError::HalfCredentials),
        ("smtps://mail.example", Some("secret"), None, SmtpMailerError::HalfCredentials),
        ("smtps://mail.example", None, Some("x"), SmtpMailerError::Authorities),
    ] {
        let address = SmtpAddress::parse(url).unwrap();
        let made = SmtpMailer::new(address, password, authorities.map(str::as_bytes), letterhead());
        assert_eq!(made.unwrap_err(), error, "{url}");
    }
}
