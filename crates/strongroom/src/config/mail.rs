//! `[mail]`: how codes reach people.

use std::path::PathBuf;

use strongroom_domain::EmailAddress;
use strongroom_mail::SmtpAddress;

use super::raw::Raw;
use super::reader::Section;

const TRANSPORT: &str = "log";
const FROM: &str = "no-reply@localhost";
const DIRECTORY: &str = "mail";

/// How mail goes out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mail {
    /// `transport`, with what it takes.
    pub(crate) transport: Transport,
    /// `from`: the address that mails come from.
    pub(crate) from: EmailAddress,
    /// What is not as it is by default.
    set: Vec<&'static str>,
}

/// Where mail goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Transport {
    /// Nowhere; the log tells that there was one.
    Log,
    /// Into a directory.
    File(PathBuf),
    /// To a mail server.
    Smtp {
        /// `smtp_url`.
        address: SmtpAddress,
        /// `password_file`; there is one exactly if the URL names a user.
        password: Option<PathBuf>,
        /// `ca_file`.
        authorities: Option<PathBuf>,
    },
}

impl Mail {
    pub(super) fn read(section: &mut Section<'_>) -> Option<Self> {
        let transport = section.read("transport", TRANSPORT, |raw| match raw.text()? {
            kind @ ("log" | "file" | "smtp") => Ok(kind.to_owned()),
            _ => Err(r#"expected "log", "file" or "smtp""#.to_owned()),
        });
        let from = section
            .read("from", FROM, |raw| EmailAddress::parse(raw.text()?).map_err(|error| error.to_string()));
        let address = section.read("smtp_url", "", smtp_url);
        let password = section.path_or_none("password_file", "");
        let authorities = section.path_or_none("ca_file", "");
        let directory = section.path("directory", DIRECTORY);

        let (transport, from, address, directory) = (transport?, from?, address?, directory?);
        let (Ok(password), Ok(authorities)) = (password, authorities) else { return None };
        let of_smtp = [
            ("smtp_url", address.is_some()),
            ("password_file", password.is_some()),
            ("ca_file", authorities.is_some()),
        ];
        let of_file = ("directory", directory != section.default_path(DIRECTORY));
        let is_set = |(key, is_set): (&'static str, bool)| is_set.then_some(key);
        let general = [("transport", transport != TRANSPORT), ("from", from.as_str() != FROM)];
        let set = general.into_iter().chain(of_smtp).chain([of_file]).filter_map(is_set).collect();

        if transport != "smtp"
            && let Some(key) = of_smtp.into_iter().find_map(is_set)
        {
            return section.refuse(key, r#"goes with transport = "smtp" only"#);
        }
        if transport != "file" && of_file.1 {
            return section.refuse(of_file.0, r#"goes with transport = "file" only"#);
        }
        let transport = match (transport.as_str(), address) {
            ("smtp", Some(address)) => smtp(section, address, password, authorities)?,
            ("smtp", None) => return section.refuse("smtp_url", r#"must be given with transport = "smtp""#),
            ("file", _) => Transport::File(directory),
            _ => Transport::Log,
        };
        Some(Self { transport, from, set })
    }

    /// Settings that are not as they are by default and mean nothing to a process that mails nobody.
    pub(super) fn of_a_safe(&self) -> impl Iterator<Item = String> {
        self.set.iter().map(|key| format!("mail.{key}"))
    }
}

fn smtp_url(raw: &Raw<'_>) -> Result<Option<SmtpAddress>, String> {
    match raw.text()? {
        "" => Ok(None),
        text => SmtpAddress::parse(text).map(Some).map_err(|error| error.to_string()),
    }
}

fn smtp(
    section: &mut Section<'_>,
    address: SmtpAddress,
    password: Option<PathBuf>,
    authorities: Option<PathBuf>,
) -> Option<Transport> {
    match (address.has_user(), &password) {
        (true, None) => return section.refuse("password_file", "must be given with a user in smtp_url"),
        (false, Some(_)) => return section.refuse("password_file", "goes with a user in smtp_url only"),
        _ => {}
    }
    if address.is_plain() && authorities.is_some() {
        return section.refuse("ca_file", "goes with TLS only");
    }
    Some(Transport::Smtp { address, password, authorities })
}
