//! The integration guide's own bodies, as they stand there, and the answers it gives.

use strongroom_domain::{Envelope, Limits, Record};
use strongroom_testkit::sample;

#[test]
fn the_guides_bodies_give_the_guides_answers() {
    let mut record = Record::new();
    for (body, answer) in
        [(sample::GUIDE_WRITE, sample::GUIDE_VIEW), (sample::GUIDE_UPDATE, sample::GUIDE_UPDATED_VIEW)]
    {
        let envelope = Envelope::from_json(body.as_bytes()).unwrap();
        assert_eq!(envelope.external_user_id, sample::person(sample::EXTERNAL_USER_ID));
        record.apply(&envelope.data, &Limits::default()).unwrap();
        assert_eq!(record.view().as_json(), answer);
    }
}

#[test]
fn the_guides_sample_patch_is_what_its_body_says() {
    let body = Envelope::from_json(sample::GUIDE_WRITE.as_bytes()).unwrap();
    let [mut by_body, mut by_patch] = [Record::new(), Record::new()];
    by_body.apply(&body.data, &Limits::default()).unwrap();
    by_patch.apply(&sample::guide_patch(), &Limits::default()).unwrap();
    assert_eq!(by_body.readable(), by_patch.readable());
    assert!(by_body.write_only() == by_patch.write_only());
}

#[test]
fn white_space_between_tokens_says_nothing() {
    let body = "\r\n{\t\"externalUserId\" : \"jane\" ,\n \"data\" : { \"n\" : 1.50 , \"gone\" : null\n, \"s\" :\" a \" } } \n";
    let mut record = Record::new();
    record.apply(&Envelope::from_json(body.as_bytes()).unwrap().data, &Limits::default()).unwrap();
    assert_eq!(record.view().as_json(), r#"{"n":1.5,"s":" a "}"#);
}
