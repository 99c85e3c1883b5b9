//! The store from outside, as the binary and an operator use it.
//!
//! `cfg(test)` always holds here; the linter knows by it that helpers are tests too.

#[cfg(test)]
mod account_closing;
#[cfg(test)]
mod accounts;
#[cfg(test)]
mod contract;
#[cfg(test)]
mod erasure;
#[cfg(test)]
mod figures;
#[cfg(test)]
mod migration;
#[cfg(test)]
mod opening;
#[cfg(test)]
mod operator;
#[cfg(test)]
mod retention;
#[cfg(test)]
mod support;
