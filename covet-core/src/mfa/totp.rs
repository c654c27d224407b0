use std::fmt;

use qrcode::{Color, EcLevel, QrCode};
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};
use totp_rs::{Builder, TotpError};
use zeroize::Zeroizing;

use super::{Algorithm, Totp};
use crate::account::AccountId;
use crate::keys::{Keys, OpenError};
use crate::time::Timestamp;

/// The secret that the server shares with one authenticator application.
#[derive(Clone)]
pub struct Secret(Zeroizing<Vec<u8>>);

/// A secret with fewer bytes than RFC 4226 section 4 recommends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a TOTP secret of {bytes} bytes is too short; it needs {}", Secret::MIN_BYTES)]
pub struct SecretTooShort {
    bytes: usize,
}

impl Secret {
    /// The fewest bytes: 160 bits, as RFC 4226 section 4 recommends.
    pub const MIN_BYTES: usize = 20;

    const PURPOSE: &str = "totp";

    /// A new secret from random bytes, as many as the algorithm's hash has (RFC 6238 section 3, R6 and errata).
    #[must_use]
    pub fn from_random(algorithm: Algorithm, random: &[u8; 64]) -> Self {
        let length = match algorithm {
            Algorithm::Sha1 => 20,
            Algorithm::Sha256 => 32,
            Algorithm::Sha512 => 64,
        };
        Self(Zeroizing::new(random.iter().take(length).copied().collect()))
    }

    /// A secret that was stored.
    ///
    /// # Errors
    ///
    /// [`SecretTooShort`] under [`Secret::MIN_BYTES`].
    pub fn new(bytes: Vec<u8>) -> Result<Self, SecretTooShort> {
        let bytes = Zeroizing::new(bytes);
        if bytes.len() < Self::MIN_BYTES { Err(SecretTooShort { bytes: bytes.len() }) } else { Ok(Self(bytes)) }
    }

    /// A secret that [`seal`](Self::seal) sealed for the same account.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when it was changed, or belongs to another account or secret key.
    pub fn open(keys: &Keys, account: &AccountId, sealed: &str) -> Result<Self, OpenError> {
        keys.open(Self::PURPOSE, account, sealed).and_then(|bytes| Self::new(bytes).map_err(|_| OpenError))
    }

    /// The secret as it is kept in the database: readable with the application's key and for its account only.
    #[must_use]
    pub fn seal(&self, keys: &Keys, account: &AccountId, nonce: [u8; Keys::NONCE_BYTES]) -> String {
        keys.seal(Self::PURPOSE, account, nonce, &self.0)
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// Which time step a code belongs to, among the present one and those within the drift. Whether that step may still be
/// used is for [`claim_step`](super::claim_step) to say.
///
/// Spaces do not count, since applications show codes in groups. All steps are compared, each in constant time. Should
/// two steps share a code, it is the later one's, so that claiming it uses up both.
#[must_use]
pub fn matching_step(policy: &Totp, secret: &Secret, code: &str, now: Timestamp) -> Option<u64> {
    let code: String = code.chars().filter(|c| *c != ' ').take(16).collect();
    let well_formed = code.len() == policy.digits.get() as usize && code.bytes().all(|b| b.is_ascii_digit());
    well_formed.then_some(())?;

    let totp = builder(policy, secret).build().ok()?;
    let (period, drift) = (policy.period.seconds(), u64::from(policy.drift.get()));
    let present = now.seconds() / period;
    let mut found = (Choice::from(0), 0);
    for step in present.saturating_sub(drift)..=present.saturating_add(drift) {
        let expected = Zeroizing::new(totp.generate(step.saturating_mul(period)).to_string());
        let equal = expected.as_bytes().ct_eq(code.as_bytes());
        found = (found.0 | equal, u64::conditional_select(&found.1, &step, equal));
    }
    bool::from(found.0).then_some(found.1)
}

fn builder(policy: &Totp, secret: &Secret) -> Builder {
    let algorithm = match policy.algorithm {
        Algorithm::Sha1 => totp_rs::Algorithm::SHA1,
        Algorithm::Sha256 => totp_rs::Algorithm::SHA256,
        Algorithm::Sha512 => totp_rs::Algorithm::SHA512,
    };
    Builder::new()
        .with_algorithm(algorithm)
        .with_digits(u8::try_from(policy.digits.get()).unwrap_or(u8::MAX))
        .with_step_duration(policy.period.seconds())
        .with_secret(secret.0.to_vec())
}

/// What one shows to a user who enrols: a QR code to scan, or a text to type. It contains the secret.
#[derive(Clone)]
pub struct Enrollment {
    uri: Zeroizing<String>,
    secret: Zeroizing<String>,
    code: QrCode,
}

/// An enrolment that no authenticator application could read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EnrollmentError {
    /// The issuer or the account cannot stand in an `otpauth` address: empty, or with a colon.
    #[error("`{issuer}` and `{account}` cannot name an entry of an authenticator application: {reason}")]
    Label {
        /// The application.
        issuer: String,
        /// The user.
        account: String,
        /// What is wrong.
        reason: String,
    },
    /// The names are too long for a QR code.
    #[error("the names of the application and of the user are too long for a QR code")]
    TooLong,
}

impl Enrollment {
    /// Modules of white around the code, without which scanners do not find it (ISO/IEC 18004).
    const QUIET_ZONE: usize = 4;
    const PIXELS_PER_MODULE: usize = 8;

    /// An enrolment of `account` (what the user is called) at `issuer` (what the application is called).
    ///
    /// # Errors
    ///
    /// [`EnrollmentError`] when the names cannot stand in an `otpauth` address or are too long.
    pub fn new(policy: &Totp, issuer: &str, account: &str, secret: &Secret) -> Result<Self, EnrollmentError> {
        let label = |error: TotpError| EnrollmentError::Label {
            issuer: issuer.to_owned(),
            account: account.to_owned(),
            reason: error.to_string(),
        };
        let totp =
            builder(policy, secret).with_issuer(Some(issuer)).with_account_name(account).build().map_err(label)?;
        let uri = Zeroizing::new(totp.to_url().map_err(label)?);
        let code = QrCode::with_error_correction_level(uri.as_bytes(), EcLevel::M);
        let code = code.map_err(|_| EnrollmentError::TooLong)?;
        Ok(Self { uri, secret: Zeroizing::new(totp.secret().to_base32()), code })
    }

    /// The `otpauth://totp/…` address, as in the QR code.
    #[must_use]
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The secret in base32, for those who cannot scan.
    #[must_use]
    pub fn secret_base32(&self) -> &str {
        &self.secret
    }

    /// The QR code as an SVG element, to stand in a page.
    #[must_use]
    pub fn qr_svg(&self) -> String {
        let svg = self.code.render::<qrcode::render::svg::Color<'_>>().module_dimensions(8, 8).build();
        // An element within a page has no XML declaration.
        svg.split_once("?>").map_or(svg.as_str(), |(_, element)| element).to_owned()
    }

    /// The QR code as a PNG picture.
    #[must_use]
    pub fn qr_png(&self) -> Vec<u8> {
        let side = (self.code.width() + 2 * Self::QUIET_ZONE) * Self::PIXELS_PER_MODULE;
        let pixels: Vec<u8> = (0..side).flat_map(|y| (0..side).map(move |x| (x, y))).map(|at| self.pixel(at)).collect();
        encode_png(u32::try_from(side).unwrap_or(u32::MAX), &pixels).expect("a picture in memory, of its own size")
    }

    /// White or black; what lies outside the code is white.
    fn pixel(&self, (x, y): (usize, usize)) -> u8 {
        let module = |pixel: usize| {
            (pixel / Self::PIXELS_PER_MODULE).checked_sub(Self::QUIET_ZONE).filter(|module| *module < self.code.width())
        };
        match (module(x), module(y)) {
            (Some(x), Some(y)) if self.code[(x, y)] == Color::Dark => 0,
            _ => u8::MAX,
        }
    }
}

impl fmt::Debug for Enrollment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Enrollment(…)")
    }
}

fn encode_png(side: u32, pixels: &[u8]) -> Result<Vec<u8>, png::EncodingError> {
    let mut bytes = Vec::new();
    let mut encoder = png::Encoder::new(&mut bytes, side, side);
    encoder.set_color(png::ColorType::Grayscale);
    encoder.set_depth(png::BitDepth::Eight);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(bytes)
}

#[cfg(test)]
#[expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may stop at what it does not expect")]
mod tests {
    use std::io::Cursor;

    use super::*;
    use crate::units::{Count, Time};

    const DIGITS: &[u8] = b"1234567890123456789012345678901234567890123456789012345678901234";

    fn secret(algorithm: Algorithm) -> Secret {
        Secret::from_random(algorithm, DIGITS.try_into().unwrap())
    }

    fn at(seconds: u64) -> Timestamp {
        Timestamp::from_seconds(seconds)
    }

    /// RFC 6238, appendix B.
    #[test]
    fn totp_known_answers() {
        for (time, sha1, sha256, sha512) in [
            (59, "94287082", "46119246", "90693936"),
            (1_111_111_109, "07081804", "68084774", "25091201"),
            (1_111_111_111, "14050471", "67062674", "99943326"),
            (1_234_567_890, "89005924", "91819424", "93441116"),
            (2_000_000_000, "69279037", "90698825", "38618901"),
            (20_000_000_000, "65353130", "77737706", "47863826"),
        ] {
            for (algorithm, code) in [(Algorithm::Sha1, sha1), (Algorithm::Sha256, sha256), (Algorithm::Sha512, sha512)]
            {
                let policy = Totp { digits: Count::of(8), drift: Count::of(0), algorithm, ..Totp::default() };
                let step = matching_step(&policy, &secret(algorithm), code, at(time));
                assert_eq!(step, Some(time / 30), "{algorithm:?} {time}");
            }
        }
    }

    #[test]
    fn a_code_is_accepted_within_the_drift_only() {
        let secret = secret(Algorithm::Sha1);
        // The code of step 1, seconds 30 to 59.
        for (drift, seconds, step) in [
            (1, 59, Some(1)),
            (1, 30, Some(1)),
            (1, 0, Some(1)),
            (1, 89, Some(1)),
            (1, 90, None),
            (0, 29, None),
            (0, 30, Some(1)),
            (0, 59, Some(1)),
            (0, 60, None),
            (2, 119, Some(1)),
            (2, 120, None),
        ] {
            let policy = Totp { drift: Count::of(drift), ..Totp::default() };
            assert_eq!(matching_step(&policy, &secret, "287082", at(seconds)), step, "{drift} {seconds}");
        }
        let minute = Totp { period: Time::of(60), drift: Count::of(0), ..Totp::default() };
        assert_eq!(matching_step(&minute, &secret, "287082", at(60)), Some(1));
    }

    #[test]
    fn a_code_is_digits_of_the_right_number_and_spaces() {
        let (policy, secret) = (Totp::default(), secret(Algorithm::Sha1));
        for code in ["287082", " 287 082 ", "2 8 7 0 8 2"] {
            assert_eq!(matching_step(&policy, &secret, code, at(59)), Some(1), "{code}");
        }
        let long = "2".repeat(100_000);
        for code in [
            "",
            "287083",
            "28708",
            "2870820",
            "94287082",
            "+87082",
            "28708a",
            "287082\n",
            "２８７０８２",
            "287\u{a0}082",
            &long,
        ] {
            assert_eq!(matching_step(&policy, &secret, code, at(59)), None, "{code}");
        }
    }

    #[test]
    fn another_secret_has_other_codes_and_the_ends_of_time_hold() {
        let other = Secret::new(vec![9; 20]).unwrap();
        assert_eq!(matching_step(&Totp::default(), &other, "287082", at(59)), None);
        for millis in [0, u64::MAX] {
            let _ = matching_step(&Totp::default(), &other, "000000", Timestamp::from_millis(millis));
        }
    }

    #[test]
    fn a_secret_is_as_long_as_the_hash_and_not_shown() {
        for (algorithm, length) in [(Algorithm::Sha1, 20), (Algorithm::Sha256, 32), (Algorithm::Sha512, 64)] {
            assert_eq!(secret(algorithm).0.len(), length);
        }
        assert_eq!(format!("{:?}", secret(Algorithm::Sha1)), "Secret(…)");
        assert_eq!(
            Secret::new(vec![1; 19]).unwrap_err().to_string(),
            "a TOTP secret of 19 bytes is too short; it needs 20"
        );
    }

    #[test]
    fn a_sealed_secret_opens_for_its_account_only() {
        let keys = Keys::from_secret(&crate::keys::SecretKey::generate().unwrap());
        let (ada, eve) = (AccountId::from("ada".to_owned()), AccountId::from("eve".to_owned()));
        let secret = secret(Algorithm::Sha1);
        let sealed = secret.seal(&keys, &ada, [1; 24]);
        assert_eq!(Secret::open(&keys, &ada, &sealed).unwrap().0, secret.0);
        Secret::open(&keys, &eve, &sealed).unwrap_err();
    }

    #[test]
    fn the_address_names_application_user_and_parameters() {
        let enrol =
            |policy: &Totp, issuer, account| Enrollment::new(policy, issuer, account, &secret(policy.algorithm));
        let enrollment = enrol(&Totp::default(), "Vault & Söhne", "ada@example.com").unwrap();
        assert_eq!(
            enrollment.uri(),
            "otpauth://totp/Vault%20%26%20S%C3%B6hne:ada%40example.com\
             ?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Vault%20%26%20S%C3%B6hne"
        );
        assert_eq!(enrollment.secret_base32(), "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ");
        assert_eq!(format!("{enrollment:?}"), "Enrollment(…)");

        let unusual =
            Totp { digits: Count::of(8), period: Time::of(60), algorithm: Algorithm::Sha256, ..Totp::default() };
        let enrollment = enrol(&unusual, "Vault", "ada").unwrap();
        for parameter in ["digits=8", "period=60", "algorithm=SHA256"] {
            assert!(enrollment.uri().contains(parameter), "{}", enrollment.uri());
        }

        let label =
            |issuer, account| matches!(enrol(&Totp::default(), issuer, account), Err(EnrollmentError::Label { .. }));
        assert!(label("Vault", "") && label("Vault", "a:b") && label("Va:ult", "ada"));
        let long = "x".repeat(3000);
        assert_eq!(enrol(&Totp::default(), "Vault", &long).unwrap_err(), EnrollmentError::TooLong);
    }

    #[test]
    fn the_picture_is_read_back_as_the_address() {
        let policy = Totp::default();
        let enrollment = Enrollment::new(&policy, "Vault", "ada@example.com", &secret(policy.algorithm)).unwrap();
        let mut reader = png::Decoder::new(Cursor::new(enrollment.qr_png())).read_info().unwrap();
        let mut pixels = vec![0; reader.output_buffer_size().unwrap()];
        let info = reader.next_frame(&mut pixels).unwrap();
        let (width, height) = (info.width as usize, info.height as usize);
        assert_eq!(info.color_type, png::ColorType::Grayscale);

        let mut image = rqrr::PreparedImage::prepare_from_greyscale(width, height, |x, y| pixels[y * width + x]);
        let grids = image.detect_grids();
        assert_eq!(grids[0].decode().unwrap().1, enrollment.uri());

        let quiet = 4 * 6;
        assert!(pixels[..quiet * width].iter().all(|pixel| *pixel == u8::MAX));
        assert!(pixels.chunks(width).all(|row| row[..quiet].iter().all(|pixel| *pixel == u8::MAX)));
    }

    #[test]
    fn the_svg_is_an_element() {
        let policy = Totp::default();
        let enrollment = Enrollment::new(&policy, "Vault", "ada", &secret(policy.algorithm)).unwrap();
        let svg = enrollment.qr_svg();
        assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>"));
    }
}
