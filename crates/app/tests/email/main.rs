//! E-mail addresses are confirmed: the story of a code from its asking to its use, and of the mail that carries it.
//!
//! Store and safe are in memory, and the clock stands still until a test moves it.

#[cfg(test)]
mod codes;
#[cfg(test)]
mod doubles;
#[cfg(test)]
mod outbox;
#[cfg(test)]
mod quotas;
#[cfg(test)]
mod sending;
