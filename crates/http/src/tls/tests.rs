//! What is taken for a certificate, a key and an authority, and what is said of the rest.

use rcgen::{CertificateParams, KeyPair, date_time_ymd};
use strongroom_ports::Timestamp;
use strongroom_testkit::fake::ManualClock;

use super::*;

/// A certificate for `localhost` from one year to another, and its key.
fn pair(from: i32, until: i32) -> (String, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    (params.not_before, params.not_after) = (date_time_ymd(from, 1, 1), date_time_ymd(until, 1, 1));
    (params.self_signed(&key).unwrap().pem(), key.serialize_pem())
}

fn taken(certificates: &str, key: &str, authorities: Option<&str>) -> Result<Validity, TlsError> {
    let identity = TlsIdentity {
        certificates: certificates.as_bytes(),
        private_key: key.as_bytes(),
        client_authorities: authorities.map(str::as_bytes),
    };
    Tls::new(identity, Arc::new(clock())).map(|(_, validity)| validity)
}

/// The first day of 2024.
fn clock() -> ManualClock {
    ManualClock::at(Timestamp::from_secs(1_704_067_200))
}

#[test]
fn a_certificate_is_used_whatever_its_dates_and_they_are_told() {
    for (from, until, validity) in
        [(2020, 2030, Validity::Now), (2020, 2023, Validity::Expired), (2025, 2030, Validity::NotYet)]
    {
        let (certificate, key) = pair(from, until);
        assert_eq!(taken(&certificate, &key, None), Ok(validity), "{from} to {until}");
    }
}

#[test]
fn what_cannot_be_used_is_refused_for_what_it_is() {
    let (certificate, key) = pair(2020, 2030);
    let (another, other_key) = pair(2020, 2030);
    for (certificates, key, authorities, error) in [
        ("", &*key, None, TlsError::Certificates),
        (&*key, &*key, None, TlsError::Certificates),
        (
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
            &*key,
            None,
            TlsError::Certificates,
        ),
        (&*certificate, "", None, TlsError::PrivateKey),
        (&*certificate, &*certificate, None, TlsError::PrivateKey),
        (&*certificate, &*other_key, None, TlsError::Mismatch),
        (&*another, &*key, None, TlsError::Mismatch),
        (&*certificate, &*key, Some(""), TlsError::ClientAuthorities),
        (&*certificate, &*key, Some(&*key), TlsError::ClientAuthorities),
    ] {
        assert_eq!(taken(certificates, key, authorities), Err(error));
    }
    assert_eq!(taken(&certificate, &key, Some(&another)), Ok(Validity::Now));
}

#[test]
fn what_is_refused_replaces_nothing() {
    let (certificate, key) = pair(2020, 2030);
    let (other, other_key) = pair(2020, 2030);
    let identity =
        |certificates, private_key| TlsIdentity { certificates, private_key, client_authorities: None };
    let good = identity(certificate.as_bytes(), key.as_bytes());
    let (tls, _) = Tls::new(good, Arc::new(clock())).unwrap();
    let before = tls.in_force();
    assert_eq!(tls.replace(identity(other.as_bytes(), key.as_bytes())), Err(TlsError::Mismatch));
    assert!(Arc::ptr_eq(&before, &tls.in_force()));
    assert_eq!(tls.replace(identity(other.as_bytes(), other_key.as_bytes())), Ok(Validity::Now));
    assert!(!Arc::ptr_eq(&before, &tls.in_force()));
}
