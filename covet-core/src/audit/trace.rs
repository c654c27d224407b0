use async_trait::async_trait;

use super::event::escape;
use super::{Event, Outcome, Sink, SinkError};

/// Events as `tracing` events of the target `covet::audit`: successes at level info, failures at level warn.
#[derive(Debug, Clone, Copy, Default)]
pub struct TracingSink;

#[async_trait]
impl Sink for TracingSink {
    async fn record(&self, event: &Event) -> Result<(), SinkError> {
        let kind = event.kind().as_str();
        let outcome = event.kind().outcome();
        let account = event.account_id().map(|id| escape(id.as_str()));
        let ip = event.client_ip().map(tracing::field::display);
        let (at, details) = (event.at().millis(), event.details_json());
        macro_rules! emit {
            ($level:ident) => {
                tracing::event!(
                    target: "covet::audit",
                    tracing::Level::$level,
                    event = kind,
                    outcome = outcome.as_str(),
                    account = account.as_deref(),
                    ip,
                    at,
                    details = details.as_str(),
                )
            };
        }
        match outcome {
            Outcome::Success => emit!(INFO),
            Outcome::Failure => emit!(WARN),
        }
        Ok(())
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "a test may stop at what it does not expect")]
pub(super) mod tests {
    use std::fmt::{Debug, Write as _};
    use std::sync::{Arc, Mutex};

    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Metadata, Subscriber};

    use super::super::Kind;
    use super::*;
    use crate::account::AccountId;
    use crate::time::Timestamp;

    /// Keeps each event as one line of `field=value`.
    #[derive(Clone, Debug, Default)]
    pub(crate) struct Lines(Arc<Mutex<Vec<String>>>);

    #[cfg(feature = "sqlite")]
    impl Lines {
        /// Those of Covet that whoever operates it sees and that have the text in them.
        pub(crate) fn of(&self, text: &str) -> Vec<String> {
            let shown = |line: &&String| !line.starts_with("DEBUG") && !line.starts_with("TRACE");
            let lines = self.0.lock().unwrap();
            let lines = lines.iter().filter(shown).filter(|line| line.contains(" covet") && line.contains(text));
            lines.cloned().collect()
        }
    }

    struct Line(String);

    impl Visit for Line {
        fn record_str(&mut self, field: &Field, value: &str) {
            write!(self.0, " {}={value}", field.name()).unwrap();
        }

        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            write!(self.0, " {}={value:?}", field.name()).unwrap();
        }
    }

    impl Subscriber for Lines {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }

        fn new_span(&self, _: &Attributes<'_>) -> Id {
            Id::from_u64(1)
        }

        fn record(&self, _: &Id, _: &Record<'_>) {}

        fn record_follows_from(&self, _: &Id, _: &Id) {}

        fn event(&self, event: &tracing::Event<'_>) {
            let mut line = Line(format!("{} {}", event.metadata().level(), event.metadata().target()));
            event.record(&mut line);
            self.0.lock().unwrap().push(line.0);
        }

        fn enter(&self, _: &Id) {}

        fn exit(&self, _: &Id) {}
    }

    #[tokio::test]
    async fn an_event_is_one_structured_line() {
        let lines = Lines::default();
        let _guard = tracing::subscriber::set_default(lines.clone());
        let now = Timestamp::from_millis(5);
        let fail = Event::new(Kind::AuthnLoginFail, now).ip(Some([192, 0, 2, 7].into())).detail("login", "a\nb");
        let injected = AccountId::from("7\r\nroot".to_owned());
        let success = Event::new(Kind::SessionCreated, now).account(Some(&injected));
        TracingSink.record(&fail).await.unwrap();
        TracingSink.record(&success).await.unwrap();
        assert_eq!(
            *lines.0.lock().unwrap(),
            [
                r#"WARN covet::audit event=authn_login_fail outcome=failure ip=192.0.2.7 at=5 details={"login":"a\\nb"}"#,
                r"INFO covet::audit event=session_created outcome=success account=7\r\nroot at=5 details={}",
            ]
        );
    }
}
