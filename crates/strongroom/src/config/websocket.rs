//! `[websocket]`: what sockets may take of a process.

use strongroom_http::WebSocketLimits;

use super::reader::Section;

/// More sockets than one process can hold.
const MAX_SOCKETS: u32 = 1_000_000;
/// More than anybody has pages open.
const MAX_SOCKETS_PER_PERSON: u32 = 1024;
/// A client says who it is, and little else; a token has to find room.
const MESSAGE_BYTES: std::ops::RangeInclusive<u32> = 1024..=65_536;
/// Faster is no person.
const MAX_MESSAGES_PER_S: u32 = 1000;
/// Longer waits hold a socket for nobody.
const MAX_WAIT_S: u32 = 600;

/// Reads the limits.
pub(super) fn read(section: &mut Section<'_>) -> Option<WebSocketLimits> {
    let sockets = section.read("sockets", 15_000, |raw| raw.size(1..=MAX_SOCKETS));
    let sockets_per_person =
        section.read("sockets_per_person", 8, |raw| raw.size(1..=MAX_SOCKETS_PER_PERSON));
    let message_bytes = section.read("message_bytes", 16_384, |raw| raw.size(MESSAGE_BYTES));
    let messages_per_s = section.read("messages_per_s", 20, |raw| raw.whole(1..=MAX_MESSAGES_PER_S));
    let auth_time = section.read("auth_s", 30, |raw| raw.seconds(1..=MAX_WAIT_S));
    let ping_time = section.read("ping_s", 30, |raw| raw.seconds(1..=MAX_WAIT_S));
    let write_time = section.read("write_s", 10, |raw| raw.seconds(1..=MAX_WAIT_S));
    Some(WebSocketLimits {
        sockets: sockets?,
        sockets_per_person: sockets_per_person?,
        message_bytes: message_bytes?,
        messages_per_s: messages_per_s?,
        auth_time: auth_time?,
        ping_time: ping_time?,
        write_time: write_time?,
    })
}
