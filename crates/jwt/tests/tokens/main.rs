//! Tokens as their bearers send them: ours and others', good and malicious, through the public interface alone.
//!
//! Keys are made by each test; none lies in a file.

#[cfg(test)]
mod assertions;
#[cfg(test)]
mod cache;
#[cfg(test)]
mod cost;
#[cfg(test)]
mod foreign;
#[cfg(test)]
mod foreign_keys;
#[cfg(test)]
mod malicious;
#[cfg(test)]
mod own;
#[cfg(test)]
mod remote;
#[cfg(test)]
mod remote_troubles;
#[cfg(test)]
mod support;
