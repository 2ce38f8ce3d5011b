//! Settings that are one word out of a few.

/// Makes an enum whose variants are written as words, and the list of those words.
macro_rules! choice {
    (
        $(#[$outer:meta])*
        $name:ident { $( $(#[$inner:meta])* $variant:ident = $word:literal ),+ $(,)? }
    ) => {
        $(#[$outer])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum $name { $( $(#[$inner])* $variant ),+ }

        impl $name {
            /// The accepted words.
            pub const WORDS: &'static [&'static str] = &[$( $word ),+];

            /// The word of this choice.
            pub fn as_str(self) -> &'static str {
                match self { $( Self::$variant => $word ),+ }
            }

            /// The choice of a word, in any case.
            pub fn parse(text: &str) -> Option<Self> {
                $( if text.eq_ignore_ascii_case($word) { return Some(Self::$variant); } )+
                None
            }
        }
    };
}

choice! {
    /// What the process is run for.
    Profile {
        /// Everything in one process and one folder; nothing needs to be installed.
        Embedded = "embedded",
        /// A real service: nothing is generated, and unsafe settings are refused.
        Production = "production",
    }
}

choice! {
    /// Who may make an account.
    Registration {
        /// Anybody, at once.
        Instant = "instant",
        /// Anybody who proves that the address is theirs.
        VerifyFirst = "verify_first",
        /// Nobody.
        Closed = "closed",
    }
}

choice! {
    /// Who has to have a second factor.
    SecondFactor {
        /// Nobody.
        Optional = "optional",
        /// Administrators and staff, and operators.
        AdminAndStaff = "required_for_admin_and_staff",
        /// Everybody.
        Required = "required",
    }
}

choice! {
    /// On how many devices a person may be signed in.
    DeviceLimit {
        /// On any number.
        Unlimited = "unlimited",
        /// On so many.
        Max = "max_n",
        /// On one.
        Single = "single_device",
    }
}

choice! {
    /// What happens to one device more than there may be.
    DeviceOverflow {
        /// Nobody signs in on it.
        Reject = "reject",
        /// Another one makes room.
        Replace = "replace",
    }
}

choice! {
    /// A switch that reads better as a word.
    OnOff {
        /// It happens.
        On = "on",
        /// It does not.
        Off = "off",
    }
}

choice! {
    /// The signature algorithm of access tokens (RFC 7518, RFC 8037).
    JwtAlgorithm {
        /// RSA with SHA-256.
        Rs256 = "RS256",
        /// RSA with SHA-256 and the newer padding.
        Ps256 = "PS256",
        /// ECDSA over P-256.
        Es256 = "ES256",
        /// Ed25519.
        EdDsa = "EdDSA",
    }
}

choice! {
    /// How log lines look.
    LogFormat {
        /// For people on a terminal, as JSON elsewhere.
        Auto = "auto",
        /// For people.
        Pretty = "pretty",
        /// One JSON object a line.
        Json = "json",
    }
}
