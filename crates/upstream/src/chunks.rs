//! A body in chunks (RFC 9112, section 7.1), taken in whatever pieces it comes: sizes, line ends and the form of
//! trailers are held to, extensions and what trailers say are skipped.

/// How far a body is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Chunks {
    /// In the digits of a size: what it is so far, and of how many digits.
    Size(u64, u8),
    /// In the blanks behind the size.
    Blank(u64),
    /// In an extension that nobody asks about.
    Extension(u64),
    /// Before the line feed of a size.
    EndOfSize(u64),
    /// So many bytes of data are left.
    Data(u64),
    /// Before the carriage return, or the line feed, behind the data.
    EndOfData { has_return: bool },
    /// At the beginning of a trailer, or of the empty line that ends the body.
    Trailer,
    /// In the name of a trailer.
    TrailerName,
    /// In its value.
    TrailerValue,
    /// Before the line feed of a trailer.
    EndOfTrailer,
    /// Before the last line feed.
    EndOfBody,
    /// Behind the body.
    Over,
}

/// What is no body in chunks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct NotInChunks;

impl Default for Chunks {
    fn default() -> Self {
        Self::Size(0, 0)
    }
}

impl Chunks {
    /// Takes bytes until the body is over, and gives its data to `data`, piece by piece, as long as that takes them; how many
    /// bytes were taken.
    ///
    /// # Errors
    ///
    /// [`NotInChunks`], or what `data` says.
    pub(crate) fn take<E: From<NotInChunks>>(
        &mut self,
        bytes: &[u8],
        mut data: impl FnMut(&[u8]) -> Result<(), E>,
    ) -> Result<usize, E> {
        let mut rest = bytes;
        while let Some((byte, behind)) = rest.split_first()
            && *self != Self::Over
        {
            if let Self::Data(left) = self {
                let most = usize::try_from(*left).unwrap_or(usize::MAX);
                let (piece, behind) = rest.split_at(most.min(rest.len()));
                data(piece)?;
                *left -= piece.len() as u64;
                if *left == 0 {
                    *self = Self::EndOfData { has_return: false };
                }
                rest = behind;
                continue;
            }
            *self = self.step(*byte)?;
            rest = behind;
        }
        Ok(bytes.len() - rest.len())
    }

    fn step(self, byte: u8) -> Result<Self, NotInChunks> {
        Ok(match (self, byte) {
            (Self::Size(size, digits), b'0'..=b'9' | b'a'..=b'f' | b'A'..=b'F') if digits < 16 => {
                let digit = char::from(byte).to_digit(16).ok_or(NotInChunks)?;
                Self::Size(size << 4 | u64::from(digit), digits + 1)
            }
            (Self::Size(_, 0), _) => return Err(NotInChunks),
            (Self::Size(size, _) | Self::Blank(size) | Self::Extension(size), b'\r') => Self::EndOfSize(size),
            (Self::Size(size, _) | Self::Blank(size), b' ' | b'\t') => Self::Blank(size),
            (Self::Size(size, _) | Self::Blank(size), b';') => Self::Extension(size),
            (Self::Extension(size), byte) if byte != b'\n' => Self::Extension(size),
            // Behind the last chunk, and behind each trailer.
            (Self::EndOfSize(0) | Self::EndOfTrailer, b'\n') => Self::Trailer,
            (Self::EndOfSize(size), b'\n') => Self::Data(size),
            (Self::EndOfData { has_return: false }, b'\r') => Self::EndOfData { has_return: true },
            (Self::EndOfData { has_return: true }, b'\n') => Self::default(),
            (Self::Trailer, b'\r') => Self::EndOfBody,
            (Self::TrailerName, b':') => Self::TrailerValue,
            (Self::TrailerValue, b'\r') => Self::EndOfTrailer,
            (Self::Trailer | Self::TrailerName, byte) if is_of_a_name(byte) => Self::TrailerName,
            (Self::TrailerValue, byte) if byte == b'\t' || !byte.is_ascii_control() => Self::TrailerValue,
            (Self::EndOfBody, b'\n') => Self::Over,
            _ => return Err(NotInChunks),
        })
    }
}

/// RFC 9110, section 5.6.2.
fn is_of_a_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The data of a body that comes in pieces of this size, and what is behind it; `None` for what is no such body, or not over.
    fn read(body: &str, piece: usize) -> Option<(String, usize)> {
        let (mut chunks, mut data, mut taken) = (Chunks::default(), Vec::new(), 0);
        for piece in body.as_bytes().chunks(piece) {
            let add = |bytes: &[u8]| {
                data.extend_from_slice(bytes);
                Ok::<_, NotInChunks>(())
            };
            taken += chunks.take(piece, add).ok()?;
        }
        (chunks == Chunks::Over).then(|| (String::from_utf8(data).unwrap(), body.len() - taken))
    }

    #[test]
    fn data_is_joined_whatever_pieces_it_comes_in() {
        for (body, data, behind) in [
            ("0\r\n\r\n", "", 0),
            ("3\r\nabc\r\n0\r\n\r\n", "abc", 0),
            ("3\r\nabc\r\n00a;x=\"y\"\r\n0123456789\r\n0\r\n\r\n", "abc0123456789", 0),
            ("1 \r\na\r\n1\t;x\r\nb\r\n0 ; y\r\n\r\n", "ab", 0),
            ("2\r\n\r\n\r\n0\r\nx: y\r\nz-1:\r\n\r\n", "\r\n", 0),
            ("0000000000000001\r\na\r\n0\r\n\r\n", "a", 0),
            ("1\r\na\r\n0\r\n\r\nHTTP/1.1", "a", 8),
        ] {
            for piece in 1..=body.len() {
                assert_eq!(read(body, piece), Some((data.to_owned(), behind)), "{body:?} by {piece}");
            }
        }
    }

    #[test]
    fn what_is_no_size_or_has_no_line_end_is_refused() {
        for body in [
            "\r\n\r\n",
            "g\r\n",
            "-1\r\na\r\n",
            "+1\r\na\r\n0\r\n\r\n",
            "0x1\r\na\r\n0\r\n\r\n",
            " 1\r\na\r\n0\r\n\r\n",
            "1\na\r\n0\r\n\r\n",
            "1\r\nab\r\n0\r\n\r\n",
            "1\r\na\n0\r\n\r\n",
            "1\r\na0\r\n\r\n",
            "1;x\ny\r\na\r\n0\r\n\r\n",
            "1 x\r\na\r\n0\r\n\r\n",
            "0\r\nx: y\n\r\n",
            "0\r\nx: y\r\r\n\r\n",
            "0\r\nx\r\n\r\n",
            "0\r\n: y\r\n\r\n",
            "0\r\nx : y\r\n\r\n",
            "0\r\n x: y\r\n\r\n",
            "0\r\nx: \0\r\n\r\n",
            "0\r\n\n",
            "0\n\r\n",
            "00000000000000001\r\na\r\n0\r\n\r\n",
            "10000000000000000\r\na\r\n0\r\n\r\n",
            "1\r\ra\r\n0\r\n\r\n",
            "0\r\n\rx",
        ] {
            assert_eq!(read(body, body.len()), None, "{body:?}");
            assert_eq!(read(body, 1), None, "{body:?}");
        }
    }

    #[test]
    fn a_body_that_is_cut_off_anywhere_is_not_over() {
        let body = "3;e\r\nabc\r\n0\r\nx: y\r\n\r\n";
        for length in 0..body.len() {
            assert_eq!(read(&body[..length], 1), None, "{length}");
        }
    }

    #[test]
    fn data_that_is_not_wanted_ends_it() {
        #[derive(Debug, PartialEq)]
        enum Refusal {
            Form,
            Enough,
        }
        impl From<NotInChunks> for Refusal {
            fn from(_: NotInChunks) -> Self {
                Self::Form
            }
        }
        let take = |bytes: &[u8]| Chunks::default().take(bytes, |_| Err(Refusal::Enough));
        assert_eq!(take(b"1\r\na"), Err(Refusal::Enough));
        assert_eq!(take(b"x"), Err(Refusal::Form));
    }
}
