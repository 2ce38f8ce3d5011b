//! An authenticator app by other people.

use ashlar_kernel::Clock as _;
use serde_json::Value;
use totp_rs::{Builder, Secret, Totp};

use crate::TestApp;

/// An authenticator app by other people.
pub struct Authenticator(Totp);

impl Authenticator {
    /// Scans what the answer to an enrolment shows.
    pub fn set_up(enrolment: &Value) -> Self {
        let uri = enrolment["otpauth_uri"].as_str().expect("a URI");
        assert!(uri.contains(enrolment["secret_base32"].as_str().expect("a secret")));
        assert!(enrolment["qr_svg"].as_str().expect("a picture").contains("<svg"));
        let secret = uri.split("secret=").nth(1).and_then(|rest| rest.split('&').next()).expect("a secret");
        // Its defaults are those of RFC 6238: SHA-1, six digits, thirty seconds.
        let secret = Secret::try_from_base32(secret).expect("base32");
        Self(Builder::new().with_secret(secret).build().expect("a secret of 160 bits"))
    }

    /// The code it shows now.
    pub fn code(&self, app: &TestApp) -> String {
        self.0.generate(u64::try_from(app.clock.now().timestamp()).expect("after 1970")).to_string()
    }
}
