//! Tokens of a foreign issuer, minted before anything is timed; and the requests that are made of them, the same bytes for
//! every contender. Never printed.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::http_client::request;
use crate::workspace::{Outcome, run};

/// The tenant, and the host that every request is for.
pub(super) const HOST: &str = "people.example";

/// What the issuer has left.
pub(super) struct Tokens {
    directory: PathBuf,
    people: usize,
    /// A person and a token. Person `n` is that of every `people`-th, beginning with the n-th.
    minted: Vec<(String, String)>,
}

impl Tokens {
    /// Has the example `issuer` mint one warm token for each of so many people, and further cold ones for each.
    ///
    /// # Errors
    ///
    /// The issuer fails.
    pub(super) fn mint(issuer: &Path, directory: &Path, people: usize, cold_each: usize) -> Outcome<Self> {
        let count = people * (1 + cold_each);
        let mut mint = Command::new(issuer);
        mint.arg(directory).arg(people.to_string()).arg(count.to_string());
        run(mint)?;
        let text = std::fs::read_to_string(directory.join("tokens"))?;
        let pair = |line: &str| line.split_once(' ').map(|(id, token)| (id.to_owned(), token.to_owned()));
        let minted: Vec<_> = text.lines().filter_map(pair).collect();
        if minted.len() != count {
            return Err("the issuer minted too few tokens".into());
        }
        Ok(Self { directory: directory.to_owned(), people, minted })
    }

    /// The issuer's key in PEM; its key set stands beside it.
    pub(super) fn public_key(&self) -> PathBuf {
        self.directory.join("public.pem")
    }

    /// The one token of this person that is used again and again.
    pub(super) fn warm(&self, person: usize) -> Vec<u8> {
        self.read(person, person)
    }

    /// A token that was not used before, as long as `turn` was not.
    pub(super) fn cold(&self, person: usize, turn: usize) -> Vec<u8> {
        self.read(person, self.people * (1 + turn) + person)
    }

    /// The first person's token, for the record of the second.
    pub(super) fn foreign(&self) -> Vec<u8> {
        self.read(1, 0)
    }

    pub(super) fn without_token(&self) -> Vec<u8> {
        request("GET", HOST, &self.path(0), None, None)
    }

    /// The first person's token with the signature of another token.
    pub(super) fn forged(&self) -> Outcome<Vec<u8>> {
        let (own, _) = self.minted[0].1.rsplit_once('.').ok_or("a token without a signature")?;
        let (_, foreign) = self.minted[1].1.rsplit_once('.').ok_or("a token without a signature")?;
        Ok(request("GET", HOST, &self.path(0), Some(&format!("{own}.{foreign}")), None))
    }

    fn read(&self, person: usize, token: usize) -> Vec<u8> {
        request("GET", HOST, &self.path(person), Some(&self.minted[token].1), None)
    }

    fn path(&self, person: usize) -> String {
        format!("/v1/ibexsafe/userdata/external/{}", self.minted[person].0)
    }
}
