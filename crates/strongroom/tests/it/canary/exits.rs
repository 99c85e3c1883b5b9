//! Everything that came out or stayed, and which marks each is there to hold.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};

use super::NOTHING;
use super::marks::Marks;
use crate::support::{World, files_below, wire};

/// Everything that came out or stayed, and which marks each is there to hold: those, and no others.
#[derive(Default)]
pub(super) struct Exits(Vec<(String, Vec<u8>, &'static [&'static str])>);

impl Exits {
    pub(super) fn add(
        &mut self,
        name: impl Into<String>,
        bytes: impl Into<Vec<u8>>,
        holds: &'static [&'static str],
    ) {
        self.0.push((name.into(), bytes.into(), holds));
    }

    /// The data directory as it is now.
    pub(super) fn keep(&mut self, world: &World, when: &str) {
        let files = files_below(&world.data());
        assert!(files.iter().any(|(path, bytes)| path.ends_with("strongroom.db") && bytes.len() > 4096));
        for (path, bytes) in files {
            let name = path.file_name().unwrap_or_default().display();
            self.add(format!("{name}, {when}"), bytes, NOTHING);
        }
    }

    /// One request on a connection of its own, to the last byte that comes back.
    pub(super) fn ask(
        &mut self,
        address: SocketAddr,
        holds: &'static [&'static str],
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> String {
        let mut stream = TcpStream::connect(address).unwrap();
        let headers = [headers, &[("Connection", "close")]].concat();
        stream.write_all(&wire::request(method, path, &headers, body)).unwrap();
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).unwrap();
        self.add(format!("the answer to {method} {path}"), answer.clone(), holds);
        String::from_utf8(answer).unwrap()
    }

    /// Where a mark is that does not belong there, or is missing where it does: a search that finds nothing proves
    /// nothing.
    pub(super) fn leaks(&self, marks: &Marks) -> Vec<String> {
        let mut leaks = Vec::new();
        for (name, bytes, holds) in &self.0 {
            let found = marks.found_in(bytes);
            let holds = holds.iter().copied().collect();
            leaks.extend(found.difference(&holds).map(|mark| format!("{mark} is in {name}")));
            leaks.extend(holds.difference(&found).map(|mark| format!("{mark} is missing in {name}")));
        }
        leaks
    }
}
