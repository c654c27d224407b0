//! A browser as a person uses it: go there, fill that in, press this. Everything waits until it is so, or fails.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use fantoccini::elements::Element;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};

use crate::process::{Driver, Vault};

const PATIENCE: Duration = Duration::from_secs(20);

#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Look {
    Laptop,
    DarkPhone,
}

pub(crate) struct Browser {
    client: Client,
    base: String,
    look: Look,
    pictures: PathBuf,
    _profile: tempfile::TempDir,
}

impl Browser {
    pub(crate) async fn open(driver: &Driver, vault: &Vault, look: Look) -> Self {
        let profile = tempfile::tempdir().unwrap();
        let mut arguments: Vec<String> = [
            "--headless=new --no-sandbox --disable-gpu --disable-quic --no-first-run --disable-dev-shm-usage",
            "--disable-background-networking --disable-component-update --disable-sync --hide-scrollbars",
        ]
        .iter()
        .flat_map(|line| line.split(' ').map(ToOwned::to_owned))
        .collect();
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        arguments.push("--force-device-scale-factor=2".into());
        let mut options = json!({ "binary": driver.chromium, "args": arguments });
        if look == Look::DarkPhone {
            arguments.push("--blink-settings=preferredColorScheme=0".into());
            options = json!({
                "binary": driver.chromium,
                "args": arguments,
                "mobileEmulation": { "deviceMetrics": { "width": 390, "height": 844, "pixelRatio": 2.0 } },
            });
        }
        let capabilities = [("goog:chromeOptions".to_owned(), options)].into_iter().collect();
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{}", driver.port))
            .await
            .expect("Chromium starts");
        if look == Look::Laptop {
            client.set_window_size(1200, 900).await.unwrap();
        }
        let pictures = std::env::var_os("COVET_SCREENSHOTS").map_or_else(Vault::pictures, PathBuf::from);
        std::fs::create_dir_all(&pictures).unwrap();
        Self { client, base: vault.url.clone(), look, pictures, _profile: profile }
    }

    pub(crate) async fn close(self) {
        self.client.close().await.unwrap();
    }

    pub(crate) async fn goto(&self, path: &str) {
        self.client.goto(&format!("{}{path}", self.base)).await.unwrap();
    }

    pub(crate) async fn url(&self) -> url::Url {
        self.client.current_url().await.unwrap()
    }

    pub(crate) async fn title(&self) -> String {
        self.client.title().await.unwrap()
    }

    /// Waits until the browser is at this path.
    pub(crate) async fn at(&self, path: &str) {
        self.until(&format!("at {path}"), |url| url.path() == path).await;
    }

    /// Waits until the address has this in its query.
    pub(crate) async fn with_query(&self, part: &str) {
        self.until(&format!("with {part}"), |url| url.query().is_some_and(|query| query.contains(part))).await;
    }

    async fn until(&self, what: &str, reached: impl Fn(&url::Url) -> bool) {
        let start = Instant::now();
        loop {
            let url = self.url().await;
            if reached(&url) {
                break;
            }
            assert!(start.elapsed() < PATIENCE, "not {what} but at {url}: {}", self.text("body").await);
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until there is such an element.
    pub(crate) async fn see(&self, css: &str) -> Element {
        match self.client.wait().at_most(PATIENCE).every(Duration::from_millis(20)).for_element(Locator::Css(css)).await
        {
            Ok(element) => element,
            Err(error) => panic!("no {css} at {}: {error}\n{}", self.url().await, self.client.source().await.unwrap()),
        }
    }

    /// Types into the field of this name, in place of what is there.
    pub(crate) async fn fill(&self, name: &str, text: &str) {
        let field = self.see(&format!("[name={name}]")).await;
        field.clear().await.unwrap();
        field.send_keys(text).await.unwrap();
    }

    pub(crate) async fn value(&self, name: &str) -> String {
        self.see(&format!("[name={name}]")).await.prop("value").await.unwrap().unwrap()
    }

    /// Presses the first such button or link; the driver returns when the next page is there.
    pub(crate) async fn press(&self, css: &str) {
        self.see(css).await.click().await.unwrap();
    }

    pub(crate) async fn text(&self, css: &str) -> String {
        self.see(css).await.text().await.unwrap()
    }

    pub(crate) async fn texts(&self, css: &str) -> Vec<String> {
        let mut texts = Vec::new();
        for element in self.client.find_all(Locator::Css(css)).await.unwrap() {
            texts.push(element.text().await.unwrap());
        }
        texts
    }

    /// Chooses in the list of this name what has this value.
    pub(crate) async fn choose(&self, name: &str, value: &str) {
        self.see(&format!("select[name={name}]")).await.select_by_value(value).await.unwrap();
    }

    /// Whether no two of what these find in one of the elements lie upon each other.
    pub(crate) async fn apart(&self, within: &str, parts: &[&str]) -> bool {
        let script = "return [...document.querySelectorAll(arguments[0])].every(element => {
            const boxes = arguments[1].flatMap(css => [...element.querySelectorAll(css)])
                .map(part => part.getBoundingClientRect());
            return boxes.every((a, at) => boxes.slice(at + 1).every(b =>
                a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top));
        })";
        self.client.execute(script, vec![Value::from(within), json!(parts)]).await.unwrap() == Value::Bool(true)
    }

    /// The status that this browser gets for a path.
    pub(crate) async fn status(&self, path: &str) -> u64 {
        let script = "const done = arguments[1]; fetch(arguments[0]).then(answer => done(answer.status))";
        self.client.execute_async(script, vec![Value::from(path)]).await.unwrap().as_u64().unwrap()
    }

    /// A picture of the element, a PNG.
    pub(crate) async fn picture(&self, css: &str) -> Vec<u8> {
        self.see(css).await.screenshot().await.unwrap()
    }

    /// Keeps a picture of the page, for people to look at, who should not have to move it sideways.
    pub(crate) async fn shot(&self, name: &str) {
        let script = "return document.documentElement.scrollWidth <= document.documentElement.clientWidth";
        let fits = self.client.execute(script, Vec::new()).await.unwrap();
        assert_eq!(fits, Value::Bool(true), "{name} is wider than the window");
        let look = if self.look == Look::Laptop { "laptop" } else { "phone" };
        std::fs::write(self.pictures.join(format!("{name}-{look}.png")), self.client.screenshot().await.unwrap())
            .unwrap();
    }
}
