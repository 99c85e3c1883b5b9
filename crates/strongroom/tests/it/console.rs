//! Where the console is: at a safe, unless it is switched off, and never at a gateway.

use crate::support::{Safe, World};

#[test]
fn a_safe_serves_the_console_until_it_is_switched_off_and_a_gateway_never_does() {
    let ask = |safe: &Safe, path: &str| safe.connect().request("GET", path, &[("Host", "localhost")], "");
    let (world, directory) = (World::new(""), tempfile::tempdir().unwrap());
    let safe = world.serve();
    let page = ask(&safe, "/console");
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    let named = page.body.split("=\"console/").skip(1).map(|rest| rest.split('"').next().unwrap());
    let named: Vec<_> = named.map(|name| format!("/console/{name}")).collect();
    assert!(named.len() > 2, "{named:?}");
    for path in &named {
        assert_eq!(ask(&safe, path).status, 200, "{path}");
    }
    let without = World::new("[console]\nenabled = false\n");
    let off = without.serve();
    let gateway = Safe::dev_gateway(directory.path());
    for path in named.iter().map(String::as_str).chain(["/console"]) {
        assert_eq!(ask(&off, path).status, 404, "{path}");
        assert_eq!(ask(&gateway, path).status, 404, "{path}");
    }
}
