//! Randomness of the operating system, through AWS-LC's generator.

use aws_lc_rs::rand;
use strongroom_ports::Randomness;

/// [`Randomness`] for production: fit for keys, and shared by any number of threads.
#[derive(Debug, Default)]
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    fn fill(&self, bytes: &mut [u8]) {
        if rand::fill(bytes).is_err() {
            // AWS-LC itself ends the process when the system has no entropy to give. Going on would make guessable
            // keys.
            std::process::abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_buffer_is_filled_and_never_twice_alike() {
        let draw = || {
            let mut bytes = [0; 64];
            SystemRandomness.fill(&mut bytes);
            bytes
        };
        let (first, second) = (draw(), draw());
        // Sixteen zeros at either end, or two equal draws, come by chance once in 2^128.
        assert!(first != second && first[..16] != [0; 16] && first[48..] != [0; 16]);
    }
}
