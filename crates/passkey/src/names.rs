//! What a registration calls person and key: text of a stranger's, cut to what an authenticator shows.
//!
//! A name is never a reason to refuse a registration. It is people's own: it must not be printed.

use strongroom_ports::{PasskeyNames, fit_name};

/// The names as they are remembered: by the one rule for names, [`fit_name`].
pub(crate) fn bounded(names: PasskeyNames) -> PasskeyNames {
    let PasskeyNames { user_name, user_display_name, key_name, key_display_name } = names;
    PasskeyNames {
        user_name: user_name.as_deref().and_then(fit_name),
        user_display_name: user_display_name.as_deref().and_then(fit_name),
        key_name: key_name.as_deref().and_then(fit_name),
        key_display_name: key_display_name.as_deref().and_then(fit_name),
    }
}

/// `user.name` and `user.displayName` of the options: neither may be empty, or some authenticators refuse, so one stands
/// for the other, then the key's names, then the tenant's.
pub(crate) fn shown<'a>(names: &'a PasskeyNames, tenant: &'a str) -> (&'a str, &'a str) {
    let first =
        |choices: [&'a Option<String>; 4]| choices.into_iter().find_map(Option::as_deref).unwrap_or(tenant);
    let PasskeyNames { user_name, user_display_name, key_name, key_display_name } = names;
    (
        first([user_name, user_display_name, key_name, key_display_name]),
        first([user_display_name, user_name, key_display_name, key_name]),
    )
}

#[cfg(test)]
mod tests {
    use strongroom_ports::MAX_NAME_CHARACTERS;

    use super::*;

    #[test]
    fn every_name_is_cut() {
        let long = || Some("x".repeat(MAX_NAME_CHARACTERS + 1));
        let cut = || Some("x".repeat(MAX_NAME_CHARACTERS));
        let names = PasskeyNames {
            user_name: long(),
            user_display_name: long(),
            key_name: long(),
            key_display_name: long(),
        };
        let expected = PasskeyNames {
            user_name: cut(),
            user_display_name: cut(),
            key_name: cut(),
            key_display_name: cut(),
        };
        assert!(bounded(names) == expected);
    }

    #[test]
    fn a_person_without_a_name_is_shown_by_another_name_and_at_last_by_the_tenant_s() {
        let some = |name: &str| Some(name.to_owned());
        let nobody = PasskeyNames::default();
        assert_eq!(shown(&nobody, "Shop"), ("Shop", "Shop"));
        let keyed = PasskeyNames { key_name: some("key"), ..PasskeyNames::default() };
        assert_eq!(shown(&keyed, "Shop"), ("key", "key"));
        let both = PasskeyNames { user_name: some("jane"), user_display_name: some("Jane"), ..keyed };
        assert_eq!(shown(&both, "Shop"), ("jane", "Jane"));
    }
}
