//! The contract of a safe, kept over a store whose every answer lets the other callers go first.

use futures_executor::block_on;
use strongroom_testkit::contract;

use crate::doubles::House;

#[test]
fn the_safe_keeps_its_contract() {
    block_on(contract::upstream(&House::new().safe));
}

#[test]
fn the_safe_keeps_its_contract_among_callers_that_interleave() {
    block_on(contract::upstream_concurrency(&House::new().safe));
}
