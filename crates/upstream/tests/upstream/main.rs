//! The client and the gateway against servers that behave, dawdle, lie and pretend, on loopback.

#[cfg(test)]
mod answers;
#[cfg(test)]
mod figures;
#[cfg(test)]
mod heads;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod identity;
#[cfg(test)]
mod kept;
#[cfg(test)]
mod records;
#[cfg(test)]
mod scripted;
#[cfg(test)]
mod server;
#[cfg(test)]
mod time;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod verbs;
