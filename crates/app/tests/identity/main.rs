//! Sessions, told as stories over sessions in memory: who gets an account, what a refresh token is good for and how often,
//! and what happens when a port refuses.

#[cfg(test)]
mod doubles;
#[cfg(test)]
mod refresh;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod sign_out;
#[cfg(test)]
mod sign_up;
