//! What lies in a public box: the ready answer of reads, and a small trailer about the record.
//!
//! The trailer comes last, so that opening a box and cutting it off leaves the answer where it is: nothing is copied and
//! nothing is parsed on the way out.

use strongroom_domain::PublicView;
use strongroom_ports::{Plaintext, Timestamp};

/// The trailer: created, updated (milliseconds since the epoch), the version that wrote the private box.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Trailer {
    pub(crate) created_at: Timestamp,
    pub(crate) updated_at: Timestamp,
    /// 0 while no write has named a private key.
    pub(crate) private_version: u64,
}

const TRAILER_BYTES: usize = 3 * 8;

/// The plaintext of a public box.
pub(crate) fn encode(view: &PublicView, trailer: &Trailer) -> Plaintext {
    let json = view.as_json().as_bytes();
    let mut bytes = Vec::with_capacity(json.len() + TRAILER_BYTES);
    bytes.extend_from_slice(json);
    bytes.extend_from_slice(&trailer.created_at.millis().to_be_bytes());
    bytes.extend_from_slice(&trailer.updated_at.millis().to_be_bytes());
    bytes.extend_from_slice(&trailer.private_version.to_be_bytes());
    Plaintext::new(bytes)
}

/// Takes an opened public box apart; `None` when it is none.
pub(crate) fn decode(plaintext: Plaintext) -> Option<(PublicView, Trailer)> {
    let json_bytes = plaintext.as_bytes().len().checked_sub(TRAILER_BYTES)?;
    let mut words = plaintext.as_bytes()[json_bytes..].chunks_exact(8).map(|word| word.try_into().ok());
    let mut word = || words.next().flatten();
    let trailer = Trailer {
        created_at: Timestamp::from_millis(i64::from_be_bytes(word()?)),
        updated_at: Timestamp::from_millis(i64::from_be_bytes(word()?)),
        private_version: u64::from_be_bytes(word()?),
    };
    let mut json = plaintext.into_vec();
    json.truncate(json_bytes);
    Some((PublicView::reopen(json)?, trailer))
}

#[cfg(test)]
mod tests {
    use strongroom_domain::Record;

    use super::*;

    #[test]
    fn a_public_box_gives_back_the_answer_and_the_trailer() {
        let trailer = Trailer {
            created_at: Timestamp::from_millis(1),
            updated_at: Timestamp::from_millis(2),
            private_version: 3,
        };
        let view = Record::new().view();
        let (again, trailer_again) = decode(encode(&view, &trailer)).unwrap();
        assert_eq!((again.as_json(), trailer_again), ("{}", trailer));
    }

    #[test]
    fn a_text_too_short_for_a_trailer_is_no_public_box() {
        assert!(decode(Plaintext::new(vec![0; TRAILER_BYTES - 1])).is_none());
    }
}
