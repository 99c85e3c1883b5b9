//! A message as it is cut into frames on the wire.

use serde_json::json;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::*;

const TEXT: u8 = 1;
const CONTINUATION: u8 = 0;

/// A frame of a server: whether it is the last of its message, its opcode, what it carries.
#[derive(Debug)]
struct RawFrame {
    is_last: bool,
    opcode: u8,
    payload: Vec<u8>,
}

/// Reads a frame (RFC 6455, section 5.2).
async fn read_frame(stream: &mut TcpStream) -> RawFrame {
    let (flags, length) = (stream.read_u8().await.unwrap(), stream.read_u8().await.unwrap());
    assert_eq!(flags & 0b0111_0000, 0, "no extension");
    let length = match length {
        126 => u64::from(stream.read_u16().await.unwrap()),
        127 => stream.read_u64().await.unwrap(),
        0..126 => length.into(),
        128.. => panic!("a server masks nothing"),
    };
    let mut payload = vec![0; usize::try_from(length).unwrap()];
    stream.read_exact(&mut payload).await.unwrap();
    RawFrame { is_last: flags & 0b1000_0000 != 0, opcode: flags & 0b1111, payload }
}

/// The frames of the burst's record, when its only value has so many bytes, and the record.
async fn frames_of_record(bytes: usize) -> (Vec<(bool, u8, usize)>, Value) {
    let house = House::new();
    house.set(&"x".repeat(bytes)).await;
    let mut client = house.process.connect().await;
    client.authenticate("jane").await;
    let mut stream = client.into_stream();
    for _ in ["auth_success", "connection_success"] {
        let frame = read_frame(&mut stream).await;
        assert_eq!((frame.is_last, frame.opcode), (true, TEXT));
    }
    let (mut frames, mut whole) = (Vec::new(), Vec::new());
    loop {
        let frame = read_frame(&mut stream).await;
        frames.push((frame.is_last, frame.opcode, frame.payload.len()));
        whole.extend(frame.payload);
        if frame.is_last {
            return (frames, serde_json::from_slice(&whole).unwrap());
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_message_of_more_than_sixteen_kib_comes_in_several_frames_that_make_it_whole() {
    const KIB_16: usize = 16 * 1024;
    let (frames, record) = frames_of_record(40_000).await;
    let [(false, TEXT, KIB_16), (false, CONTINUATION, KIB_16), (true, CONTINUATION, rest)] = frames[..]
    else {
        panic!("{frames:?}")
    };
    assert!((1..KIB_16).contains(&rest));
    assert_eq!(record["data"]["userdata"], json!({ "n": "x".repeat(40_000) }));

    let (frames, _) = frames_of_record(1000).await;
    let [(true, TEXT, beside)] = frames[..] else { panic!("{frames:?}") };
    let beside = beside - 1000;
    let (frames, _) = frames_of_record(KIB_16 - beside).await;
    assert_eq!(frames, [(true, TEXT, KIB_16)], "as much as one frame takes is one");
    let (frames, _) = frames_of_record(KIB_16 - beside + 1).await;
    assert_eq!(frames, [(false, TEXT, KIB_16), (true, CONTINUATION, 1)]);
}
