//! The safe over a store that meddles and a sealer that watches: what is opened when, what a race or a doubt ends in, and
//! what it says of a record that was tampered with.
//!
//! Boxes are glass here: that a store's content is noise is the real sealer's to prove.

#[cfg(test)]
mod boxes;
#[cfg(test)]
mod contracts;
#[cfg(test)]
mod doubles;
#[cfg(test)]
mod races;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod tampering;
