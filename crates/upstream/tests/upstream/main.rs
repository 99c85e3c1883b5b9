//! The client against servers that behave, dawdle, lie and pretend, on loopback.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod server;
#[cfg(test)]
mod tls;
