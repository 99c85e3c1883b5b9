//! The guide for people who run the binary, run as it is written.

use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

const GUIDE: &str = include_str!("../../../../docs/guides/run-the-binary.md");

#[test]
fn the_guide_to_running_the_binary_runs_from_top_to_bottom() {
    let script = marked_blocks(GUIDE);
    assert!(script.contains("strongroom serve") && script.contains("store backup"), "the blocks were found");
    let directory = tempfile::tempdir().unwrap();
    let binaries = Path::new(env!("CARGO_BIN_EXE_strongroom")).parent().unwrap().display().to_string();
    let [port, admin_port] = free_ports();
    let output = Command::new("bash")
        .args(["-eu", "-o", "pipefail", "-c", &script])
        .current_dir(directory.path())
        .env_clear()
        .env("PATH", format!("{binaries}:{}", env!("PATH")))
        .env("PORT", port.to_string())
        .env("ADMIN_PORT", admin_port.to_string())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout) + String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert!(said.contains("sound"), "the last command had its say: {said}");
}

/// The shell blocks behind `<!-- run -->`, as one script.
fn marked_blocks(guide: &str) -> String {
    let blocks = guide.split("<!-- run -->\n```sh\n").skip(1);
    blocks.map(|block| block.split("\n```").next().unwrap_or_default()).collect::<Vec<_>>().join("\n")
}

/// Two ports that were free a moment ago; the guide fixes its ports before it starts a server.
fn free_ports() -> [u16; 2] {
    let listeners = [0, 0].map(|port| TcpListener::bind(("127.0.0.1", port)).unwrap());
    listeners.map(|listener| listener.local_addr().unwrap().port())
}
