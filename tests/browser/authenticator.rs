//! An authenticator application: reads the QR code from a picture and computes codes (RFC 6238), with nothing of Covet.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use base32::Alphabet::Rfc4648;
use hmac::{Hmac, KeyInit, Mac};
use sha1::Sha1;

const PERIOD: u64 = 30;

pub(crate) struct Authenticator {
    secret: String,
    /// The last time step whose code was given away: the vault takes each once.
    used: u64,
}

impl Authenticator {
    /// Reads the key of an account from a picture of the page.
    pub(crate) fn scan(png: &[u8], account: &str) -> Self {
        let mut picture = png::Decoder::new(std::io::Cursor::new(png)).read_info().unwrap();
        let mut pixels = vec![0; picture.output_buffer_size().unwrap()];
        let info = picture.next_frame(&mut pixels).unwrap();
        let (width, samples) = (info.width as usize, info.color_type.samples());
        let grey = |x: usize, y: usize| pixels[(y * width + x) * samples];
        let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, info.height as usize, grey);
        let codes = image.detect_grids();
        assert_eq!(codes.len(), 1, "one QR code is in the picture");
        let uri = codes[0].decode().unwrap().1;

        let (label, query) = uri.strip_prefix("otpauth://totp/").unwrap().split_once('?').unwrap();
        assert_eq!(label, format!("Vault:{account}"));
        let parameter = |name: &str| {
            query.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('=')).map(ToOwned::to_owned)
        };
        assert_eq!(parameter("issuer").unwrap(), "Vault");
        // What applications assume where it is not said.
        assert_eq!(parameter("algorithm").unwrap_or("SHA1".into()), "SHA1");
        assert_eq!(parameter("digits").unwrap_or("6".into()), "6");
        assert_eq!(parameter("period").unwrap_or("30".into()), PERIOD.to_string());
        // A vault with the usual tolerance of one step takes the code of the step before, too: three codes at once.
        Self { secret: parameter("secret").unwrap(), used: now() - 2 }
    }

    pub(crate) fn secret(&self) -> &str {
        &self.secret
    }

    /// A code that was not given away yet, one step ahead of the clock at most.
    pub(crate) async fn next_code(&mut self) -> String {
        self.used = (self.used + 1).max(now() - 1);
        while self.used > now() + 1 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        self.code_of(self.used)
    }

    /// A code of no step near.
    pub(crate) fn wrong_code(&self) -> &'static str {
        let near: Vec<String> = (now() - 4..now() + 4).map(|step| self.code_of(step)).collect();
        ["000000", "111111", "222222", "333333", "444444", "555555", "666666", "777777", "888888"]
            .into_iter()
            .find(|code| near.iter().all(|right| right != code))
            .unwrap()
    }

    fn code_of(&self, step: u64) -> String {
        let key = base32::decode(Rfc4648 { padding: false }, &self.secret).unwrap();
        let mut mac = Hmac::<Sha1>::new_from_slice(&key).unwrap();
        mac.update(&step.to_be_bytes());
        let hash = mac.finalize().into_bytes();
        let offset = usize::from(hash[19] & 15);
        let number = u32::from_be_bytes(hash[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
        format!("{:06}", number % 1_000_000)
    }
}

fn now() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs() / PERIOD
}

#[test]
fn the_codes_are_those_of_rfc_6238() {
    let authenticator =
        Authenticator { secret: base32::encode(Rfc4648 { padding: false }, b"12345678901234567890"), used: 0 };
    for (seconds, code) in [(59, "287082"), (1_111_111_109, "081804"), (20_000_000_000, "353130")] {
        assert_eq!(authenticator.code_of(seconds / PERIOD), code);
    }
}
