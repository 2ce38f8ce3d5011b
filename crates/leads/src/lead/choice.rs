//! What a lead may be one of.

use ashlar_kernel::FieldFault;

/// The text names none of the values there are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("one of {0}")]
pub struct UnknownChoice(pub(crate) &'static str);

impl FieldFault for UnknownChoice {
    fn code(&self) -> &'static str {
        "unknown_value"
    }
}

macro_rules! choice {
    ($(#[$docs:meta])* $name:ident, $list:literal { $($(#[$variant_docs:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$docs])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name {
            $($(#[$variant_docs])* $variant,)+
        }

        impl $name {
            /// Every value.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The stored form.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $text,)+
                }
            }

            /// Reads the stored form.
            pub fn restore(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text)
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::lead::UnknownChoice;

            fn from_str(text: &str) -> Result<Self, $crate::lead::UnknownChoice> {
                Self::restore(text).ok_or($crate::lead::UnknownChoice($list))
            }
        }
    };
}
pub(crate) use choice;

choice! {
    /// How a lead came.
    Source, "website, referral, social, email, phone, event, advertisement, partner, import, api, other" {
        /// By a form on a web page.
        Website = "website",
        /// Somebody sent them.
        Referral = "referral",
        /// By a social network.
        Social = "social",
        /// They wrote.
        Email = "email",
        /// They called.
        Phone = "phone",
        /// They were met.
        Event = "event",
        /// They saw an advertisement.
        Advertisement = "advertisement",
        /// A partner sent them.
        Partner = "partner",
        /// They came in a file.
        Import = "import",
        /// A program brought them.
        Api = "api",
        /// In another way.
        Other = "other",
    }
}

choice! {
    /// What a lead wants.
    Category, "web_dev, mobile_dev, design, seo, marketing, consulting, support, course, other" {
        /// A web site.
        WebDev = "web_dev",
        /// An app.
        MobileDev = "mobile_dev",
        /// A design.
        Design = "design",
        /// To be found.
        Seo = "seo",
        /// To be known.
        Marketing = "marketing",
        /// Advice.
        Consulting = "consulting",
        /// Help.
        Support = "support",
        /// A course.
        Course = "course",
        /// Something else.
        Other = "other",
    }
}

choice! {
    /// Why a lead was lost.
    LostReason, "budget, timing, competitor, no_response, not_a_fit, duplicate, other" {
        /// Too dear.
        Budget = "budget",
        /// Not now.
        Timing = "timing",
        /// Somebody else got it.
        Competitor = "competitor",
        /// They never answered.
        NoResponse = "no_response",
        /// It would not have worked.
        NotAFit = "not_a_fit",
        /// It is there already.
        Duplicate = "duplicate",
        /// For another reason.
        Other = "other",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn choices_survive_storage_and_their_lists_are_complete() {
        for source in Source::ALL {
            assert_eq!(source.as_str().parse(), Ok(*source));
        }
        let names = |all: &[&'static str]| all.join(", ");
        let refusal = |fault: UnknownChoice| fault.0.to_owned();
        let sources: Vec<_> = Source::ALL.iter().map(|value| value.as_str()).collect();
        assert_eq!(refusal("".parse::<Source>().unwrap_err()), names(&sources));
        let categories: Vec<_> = Category::ALL.iter().map(|value| value.as_str()).collect();
        assert_eq!(refusal("".parse::<Category>().unwrap_err()), names(&categories));
        let reasons: Vec<_> = LostReason::ALL.iter().map(|value| value.as_str()).collect();
        assert_eq!(refusal("".parse::<LostReason>().unwrap_err()), names(&reasons));
    }
}
