//! What a registration calls person and key: text of a stranger's, cut to what an authenticator shows.
//!
//! A name is never a reason to refuse a registration. It is people's own: it must not be printed.

use strongroom_ports::PasskeyNames;

/// The longest name, in characters. Authenticators may cut theirs at 64 bytes (Web Authentication, section 6.4.1); an
/// application's name for a key has a little more room, and four names of four bytes a character are a kibibyte.
pub const MAX_NAME_CHARACTERS: usize = 64;

/// The names as they are remembered: trimmed, without control characters, cut to [`MAX_NAME_CHARACTERS`]. What is empty
/// then is nothing.
pub(crate) fn bounded(names: PasskeyNames) -> PasskeyNames {
    let PasskeyNames { user_name, user_display_name, key_name, key_display_name } = names;
    PasskeyNames {
        user_name: user_name.as_deref().and_then(cut),
        user_display_name: user_display_name.as_deref().and_then(cut),
        key_name: key_name.as_deref().and_then(cut),
        key_display_name: key_display_name.as_deref().and_then(cut),
    }
}

fn cut(name: &str) -> Option<String> {
    let shown = name.trim().chars().filter(|c| !c.is_control()).take(MAX_NAME_CHARACTERS);
    let name = shown.collect::<String>().trim_end().to_owned();
    (!name.is_empty()).then_some(name)
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
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_cut_to_so_many_characters_and_an_empty_one_is_none() {
        let most = "é".repeat(MAX_NAME_CHARACTERS);
        for (name, kept) in [
            ("Jane", Some("Jane")),
            ("  Jane Doe\n", Some("Jane Doe")),
            ("Ja\u{0}ne", Some("Jane")),
            ("", None),
            (" \t", None),
            (&format!("{most}x"), Some(&*most)),
            (&most, Some(&*most)),
        ] {
            assert_eq!(cut(name).as_deref(), kept, "{name:?}");
        }
    }

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
