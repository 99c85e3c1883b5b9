//! The client's end of a socket.

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::Role;

use crate::connection::begun;

/// A client behind its handshake, and the task that serves it.
pub(super) struct Client {
    socket: WebSocketStream<TcpStream>,
    patience: watch::Receiver<bool>,
    pub(super) serving: JoinHandle<()>,
}

impl Client {
    /// `patience`: turns true when nothing more is worth waiting for.
    pub(super) async fn over(
        stream: TcpStream,
        patience: watch::Receiver<bool>,
        serving: JoinHandle<()>,
    ) -> Self {
        Self { socket: WebSocketStream::from_raw_socket(stream, Role::Client, None).await, patience, serving }
    }

    /// The stream itself, of which nothing has been read ahead while nothing was heard.
    pub(super) fn into_stream(self) -> TcpStream {
        self.socket.into_inner()
    }

    /// Goes without a word, and waits until nobody serves it any more.
    pub(super) async fn leave(self) {
        let Self { socket, mut patience, serving } = self;
        drop(socket);
        tokio::select! {
            biased;
            served = serving => served.unwrap(),
            () = begun(&mut patience) => panic!("it is served still"),
        }
    }

    pub(super) async fn say(&mut self, message: Value) {
        self.socket.send(Message::text(message.to_string())).await.unwrap();
    }

    pub(super) async fn authenticate(&mut self, token: &str) {
        self.say(json!({ "type": "auth", "token": token })).await;
    }

    /// Whatever comes next.
    async fn next(&mut self) -> Message {
        tokio::select! {
            biased;
            message = self.socket.next() => message.unwrap().unwrap(),
            () = begun(&mut self.patience) => panic!("nothing has come"),
        }
    }

    /// The next message: its type and its data. Pings are the library's to answer.
    pub(super) async fn hear(&mut self) -> (String, Value) {
        let text = loop {
            match self.next().await {
                Message::Ping(_) => {}
                Message::Text(text) => break text,
                other => panic!("no text: {other:?}"),
            }
        };
        let mut frame: Value = serde_json::from_str(&text).unwrap();
        let kind = frame["type"].as_str().unwrap().to_owned();
        assert!(frame["timestamp"].as_str().unwrap().ends_with('Z'));
        (kind, frame["data"].take())
    }

    /// The next message, which is of this type: its data.
    pub(super) async fn hear_of(&mut self, kind: &str) -> Value {
        let (heard, data) = self.hear().await;
        assert_eq!(heard, kind, "{data}");
        data
    }

    /// The next message, which is a whole record: what is in it, and its version.
    pub(super) async fn hear_record(&mut self) -> (Value, Value) {
        let mut data = self.hear_of("user_data").await;
        (data["userdata"].take(), data["version"].take())
    }

    /// The server's close, which is next: its code and its reason.
    pub(super) async fn hear_close(&mut self) -> (u16, String) {
        match self.next().await {
            Message::Close(Some(close)) => (close.code.into(), close.reason.to_string()),
            other => panic!("no close: {other:?}"),
        }
    }

    /// An `auth_error`, and the close that it announces: its code, and that of the close.
    pub(super) async fn hear_refusal(&mut self) -> (String, u16) {
        let data = self.hear_of("auth_error").await;
        assert!(data["context"].is_string() && data["message"].is_string());
        (data["error_code"].as_str().unwrap().to_owned(), self.hear_close().await.0)
    }

    /// An `error`: its code.
    pub(super) async fn hear_error(&mut self) -> String {
        self.hear_of("error").await["error_code"].as_str().unwrap().to_owned()
    }

    /// The socket lives, and has said nothing since. Twice: what waits for a turn has one between the two.
    pub(super) async fn hears_nothing(&mut self) {
        for _ in 0..2 {
            self.say(json!({ "type": "ping" })).await;
            self.hear_of("pong").await;
        }
    }

    /// The welcome, behind which the burst's record comes.
    pub(super) async fn hear_welcome(&mut self) {
        for kind in ["auth_success", "connection_success"] {
            let data = self.hear_of(kind).await;
            assert_eq!(data.get("safeAddress"), None);
        }
    }
}
