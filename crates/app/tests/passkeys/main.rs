//! Passkeys and accounts, told as stories over ports in memory: whose a passkey is, what one is good for, and what is gone when
//! an account is.

#[cfg(test)]
mod account;
#[cfg(test)]
mod doubles;
#[cfg(test)]
mod own;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod sign_in;
#[cfg(test)]
mod sign_up;
#[cfg(test)]
mod wallets;
