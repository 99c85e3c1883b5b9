//! One fuzzer for all targets: the environment variable `STRONGROOM_FUZZ_TARGET` names the one that is run, and the
//! arguments are libFuzzer's. It decides nothing: what must hold is said in `strongroom-fuzz`.
#![no_main]

use std::sync::OnceLock;

use libfuzzer_sys::fuzz_target;
use strongroom_fuzz::{TARGETS, Target};

static TARGET: OnceLock<&'static Target> = OnceLock::new();

fuzz_target!(
    init: {
        let name = std::env::var("STRONGROOM_FUZZ_TARGET").unwrap_or_default();
        let target = TARGETS.iter().find(|target| target.name == name);
        let _ = TARGET.set(target.expect("STRONGROOM_FUZZ_TARGET names a target"));
    },
    |input: &[u8]| {
        if let Some(target) = TARGET.get() {
            (target.check)(input);
        }
    }
);
