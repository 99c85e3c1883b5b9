//! A set of ASCII characters, looked up in one step.

/// Which bytes belong.
pub(crate) struct Characters([bool; 256]);

impl Characters {
    /// Letters, digits, and `others`.
    pub(crate) const fn alphanumeric_and(others: &[u8]) -> Self {
        let mut table = [false; 256];
        let mut b = 0_u8;
        while b < 0x80 {
            table[b as usize] = b.is_ascii_alphanumeric();
            b += 1;
        }
        let mut at = 0;
        while at < others.len() {
            table[others[at] as usize] = true;
            at += 1;
        }
        Self(table)
    }

    pub(crate) const fn has(&self, b: u8) -> bool {
        self.0[b as usize]
    }

    /// Whether all of these belong. Nearly always they do, so there is no early end to slow it down.
    pub(crate) fn has_all(&self, bytes: &[u8]) -> bool {
        bytes.iter().fold(true, |so_far, b| so_far & self.has(*b))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_digits_and_what_is_named_belong_and_nothing_else() {
        const SET: Characters = Characters::alphanumeric_and(b"-\xff");
        for b in 0..=u8::MAX {
            let belongs = b.is_ascii_alphanumeric() || b == b'-' || b == 0xff;
            assert_eq!((SET.has(b), SET.has_all(&[b'a', b, b'-'])), (belongs, belongs), "{b}");
        }
    }
}
