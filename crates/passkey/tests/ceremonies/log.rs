//! The library's log, which would hold credentials, is not heard.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use strongroom_ports::PasskeyCeremonies;
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::forge::{Answer, Key};
use crate::world::World;

/// Hears everything, at every level.
struct Ear(Arc<AtomicUsize>);

impl Subscriber for Ear {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        self.0.fetch_add(1, Ordering::Relaxed);
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, _: &Event<'_>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn nothing_of_a_credential_reaches_the_log() {
    let heard = Arc::new(AtomicUsize::new(0));
    tracing::subscriber::with_default(Ear(Arc::clone(&heard)), || {
        let world = World::new();
        let mut passkey = world.registered();
        world.sign_in(&mut passkey, |_| ()).unwrap();
        world.sign_in(&mut passkey, |answer| answer.flags = 0).unwrap_err();
        let mut answer = Answer::to_creation(&world.creation_options());
        answer.cose = Some(vec![0xff]);
        let made = answer.made(&Key::es256());
        world.ceremonies.finish_registration(&world.tenant, &made).unwrap_err();
        assert_eq!(heard.load(Ordering::Relaxed), 0, "of the ceremonies");
        tracing::error!("what is said here is heard");
    });
    assert_eq!(heard.load(Ordering::Relaxed), 1);
}
