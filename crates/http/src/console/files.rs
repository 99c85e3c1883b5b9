//! What the console is made of: the files below `crates/http/console`, as they stand there. No build step makes or changes one.

/// One file: its name below `/console/`, and what a browser takes it for.
#[derive(Debug)]
pub(super) struct File {
    pub(super) name: &'static str,
    pub(super) media_type: &'static str,
    pub(super) bytes: &'static [u8],
}

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const IMAGE: &str = "image/svg+xml";

/// The page itself, which is `/console`.
pub(super) const PAGE: File = File {
    name: "",
    media_type: "text/html; charset=utf-8",
    bytes: include_bytes!("../../console/index.html"),
};

/// All others, by name.
pub(super) const FILES: &[File] = &[
    File { name: "access.js", media_type: SCRIPT, bytes: include_bytes!("../../console/access.js") },
    File { name: "account.js", media_type: SCRIPT, bytes: include_bytes!("../../console/account.js") },
    File { name: "api.js", media_type: SCRIPT, bytes: include_bytes!("../../console/api.js") },
    File { name: "app.js", media_type: SCRIPT, bytes: include_bytes!("../../console/app.js") },
    File { name: "base.css", media_type: STYLE, bytes: include_bytes!("../../console/base.css") },
    File { name: "base64url.js", media_type: SCRIPT, bytes: include_bytes!("../../console/base64url.js") },
    File { name: "controls.css", media_type: STYLE, bytes: include_bytes!("../../console/controls.css") },
    File { name: "data.js", media_type: SCRIPT, bytes: include_bytes!("../../console/data.js") },
    File { name: "device.js", media_type: SCRIPT, bytes: include_bytes!("../../console/device.js") },
    File { name: "dial.js", media_type: SCRIPT, bytes: include_bytes!("../../console/dial.js") },
    File { name: "dialog.js", media_type: SCRIPT, bytes: include_bytes!("../../console/dialog.js") },
    File { name: "dom.js", media_type: SCRIPT, bytes: include_bytes!("../../console/dom.js") },
    File { name: "email.js", media_type: SCRIPT, bytes: include_bytes!("../../console/email.js") },
    File { name: "entry.js", media_type: SCRIPT, bytes: include_bytes!("../../console/entry.js") },
    File { name: "frame.css", media_type: STYLE, bytes: include_bytes!("../../console/frame.css") },
    File { name: "frame.js", media_type: SCRIPT, bytes: include_bytes!("../../console/frame.js") },
    File { name: "icon.svg", media_type: IMAGE, bytes: include_bytes!("../../console/icon.svg") },
    File { name: "icons.js", media_type: SCRIPT, bytes: include_bytes!("../../console/icons.js") },
    File { name: "lists.css", media_type: STYLE, bytes: include_bytes!("../../console/lists.css") },
    File { name: "live.js", media_type: SCRIPT, bytes: include_bytes!("../../console/live.js") },
    File { name: "parts.js", media_type: SCRIPT, bytes: include_bytes!("../../console/parts.js") },
    File { name: "passkey.js", media_type: SCRIPT, bytes: include_bytes!("../../console/passkey.js") },
    File { name: "record.js", media_type: SCRIPT, bytes: include_bytes!("../../console/record.js") },
    File { name: "refused.js", media_type: SCRIPT, bytes: include_bytes!("../../console/refused.js") },
    File { name: "secrets.js", media_type: SCRIPT, bytes: include_bytes!("../../console/secrets.js") },
    File { name: "session.js", media_type: SCRIPT, bytes: include_bytes!("../../console/session.js") },
    File { name: "status.js", media_type: SCRIPT, bytes: include_bytes!("../../console/status.js") },
    File { name: "tokens.css", media_type: STYLE, bytes: include_bytes!("../../console/tokens.css") },
    File { name: "values.js", media_type: SCRIPT, bytes: include_bytes!("../../console/values.js") },
    File { name: "welcome.css", media_type: STYLE, bytes: include_bytes!("../../console/welcome.css") },
    File { name: "welcome.js", media_type: SCRIPT, bytes: include_bytes!("../../console/welcome.js") },
];
