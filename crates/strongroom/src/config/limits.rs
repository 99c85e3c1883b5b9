//! `[limits]`: everything has one. Each also has bounds, beyond which it would be no limit, or nothing would work.

use std::time::Duration;

use strongroom_http::{Deadlines, HeadLimits};

use super::raw::Raw;
use super::reader::Section;

/// Bodies are held in memory whole.
const MAX_BYTES: u32 = 1024 * 1024;
/// More sockets or requests than one process can hold.
const MAX_AT_ONCE: u32 = 1_000_000;
/// More requests a second than one process answers.
const MAX_RATE: u32 = 100_000;
/// More is somebody who makes accounts for their own sake.
const SIGN_UPS_PER_HOUR: u32 = 1000;

/// `passkey_sign_ups_per_hour`, by default.
const PASSKEY_SIGN_UPS_PER_HOUR: u32 = 10_000;

/// The limits in force.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    /// `body_bytes`: of a request's body.
    pub(crate) body_bytes: usize,
    /// `chunks`: of a request's body.
    pub(crate) chunks: usize,
    /// `record_bytes`, `record_keys`, `value_bytes`: of a record.
    pub(crate) record: strongroom_domain::Limits,
    /// `connections`: open at a time.
    pub(crate) connections: usize,
    /// `connections_per_address`: open at a time of one client address.
    pub(crate) connections_per_address: usize,
    /// `rate_per_person_per_s`, `rate_per_address_per_s`: requests; 0 is no limit.
    pub(crate) rate_per_person_per_s: u32,
    pub(crate) rate_per_address_per_s: u32,
    /// `requests_in_flight`: in hand at a time.
    pub(crate) requests_in_flight: usize,
    /// `body_s`: for a request's body to arrive.
    pub(crate) body: Duration,
    /// `head_bytes`, `target_bytes`, `header_fields`: of a request's head.
    pub(crate) head: HeadLimits,
    /// `first_byte_s`, `head_s`, `idle_s`, `body_bytes_per_s`, `write_stall_s`: how long each wait for a client may be.
    pub(crate) deadlines: Deadlines,
    /// `sign_ups_per_hour`: accounts without a passkey, of all tenants together.
    pub(crate) sign_ups_per_hour: u32,
    /// `passkey_sign_ups_per_hour`: accounts that begin with a passkey, likewise.
    pub(crate) passkey_sign_ups_per_hour: u32,
}

impl Limits {
    /// The keys by which accounts are limited otherwise than by default.
    pub(super) fn of_sign_ups(&self) -> impl Iterator<Item = &'static str> {
        [
            (self.sign_ups_per_hour != SIGN_UPS_PER_HOUR, "limits.sign_ups_per_hour"),
            (self.passkey_sign_ups_per_hour != PASSKEY_SIGN_UPS_PER_HOUR, "limits.passkey_sign_ups_per_hour"),
        ]
        .into_iter()
        .filter_map(|(differs, key)| differs.then_some(key))
    }

    pub(super) fn read(section: &mut Section<'_>) -> Option<Self> {
        let record = strongroom_domain::Limits::default();
        let at_least_1 = |most| move |raw: &Raw<'_>| raw.size(1..=most);
        let body_bytes = section.read("body_bytes", 65536, |raw| raw.size(1024..=MAX_BYTES));
        let chunks = section.read("chunks", 4096, at_least_1(65536));
        let record_bytes = section.read("record_bytes", record.record_bytes, |raw| raw.size(64..=MAX_BYTES));
        let record_keys = section.read("record_keys", record.record_keys, at_least_1(4096));
        let value_bytes = section.read("value_bytes", record.value_bytes, at_least_1(MAX_BYTES));
        let connections = section.read("connections", 20_000, at_least_1(MAX_AT_ONCE));
        let connections_per_address = section.read("connections_per_address", 1024, at_least_1(MAX_AT_ONCE));
        let rate_per_person_per_s = section.read("rate_per_person_per_s", 50, |raw| raw.whole(0..=MAX_RATE));
        let rate_per_address_per_s =
            section.read("rate_per_address_per_s", 500, |raw| raw.whole(0..=MAX_RATE));
        let requests_in_flight = section.read("requests_in_flight", 4096, at_least_1(MAX_AT_ONCE));
        let body = section.read("body_s", 30, |raw| raw.seconds(1..=600));
        let deadlines = deadlines(section);
        let head = head(section);
        let sign_ups_per_hour =
            section.read("sign_ups_per_hour", SIGN_UPS_PER_HOUR, |raw| raw.whole(1..=1_000_000));
        let passkey_sign_ups_per_hour =
            section
                .read("passkey_sign_ups_per_hour", PASSKEY_SIGN_UPS_PER_HOUR, |raw| raw.whole(1..=1_000_000));
        Some(Self {
            body_bytes: body_bytes?,
            chunks: chunks?,
            record: strongroom_domain::Limits {
                value_bytes: value_bytes?,
                record_keys: record_keys?,
                record_bytes: record_bytes?,
            },
            connections: connections?,
            connections_per_address: connections_per_address?,
            rate_per_person_per_s: rate_per_person_per_s?,
            rate_per_address_per_s: rate_per_address_per_s?,
            requests_in_flight: requests_in_flight?,
            body: body?,
            head: head?,
            deadlines: deadlines?,
            sign_ups_per_hour: sign_ups_per_hour?,
            passkey_sign_ups_per_hour: passkey_sign_ups_per_hour?,
        })
    }
}

fn head(section: &mut Section<'_>) -> Option<HeadLimits> {
    let head_bytes = section.read("head_bytes", 16384, |raw| raw.size(1024..=131_072));
    let target_bytes = section.read("target_bytes", 8192, |raw| raw.size(256..=32768));
    let header_fields = section.read("header_fields", 100, |raw| raw.size(16..=256));
    Some(HeadLimits { head_bytes: head_bytes?, target_bytes: target_bytes?, header_fields: header_fields? })
}

fn deadlines(section: &mut Section<'_>) -> Option<Deadlines> {
    let default = Deadlines::default();
    let first_byte_s = section.read("first_byte_s", default.first_byte_s, |raw| raw.whole(1..=600));
    let head_s = section.read("head_s", default.head_s, |raw| raw.whole(1..=600));
    let idle_s = section.read("idle_s", default.idle_s, |raw| raw.whole(1..=3600));
    let body_bytes_per_s =
        section.read("body_bytes_per_s", default.body_bytes_per_s, |raw| raw.whole(1..=1_000_000));
    let write_stall_s = section.read("write_stall_s", default.write_stall_s, |raw| raw.whole(1..=600));
    Some(Deadlines {
        first_byte_s: first_byte_s?,
        head_s: head_s?,
        idle_s: idle_s?,
        body_bytes_per_s: body_bytes_per_s?,
        write_stall_s: write_stall_s?,
    })
}
