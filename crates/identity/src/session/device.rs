//! What a client says about the device it runs on.

use ashlar_kernel::FieldFault;
use woothee::parser::Parser;

use crate::DisplayName;

/// A device as the client describes it. Unproven; for the owner's eyes in the list of sessions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Device {
    /// The client's own id of the installation.
    pub client_id: Option<DeviceClientId>,
    /// What the owner calls it.
    pub name: Option<DeviceName>,
    /// What it runs.
    pub platform: Platform,
}

/// What a device runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Platform {
    /// A browser.
    Web,
    /// Android.
    Android,
    /// iOS and iPadOS.
    Ios,
    /// Anything else.
    #[default]
    Other,
}

/// Why a device description is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDevice {
    /// The client id is not 1 to 128 visible ASCII characters.
    #[error("a device id is 1 to 128 visible ASCII characters")]
    ClientId,
    /// The client id looks like one that we have given.
    #[error("device ids that begin with \"given:\" are made by the server")]
    Reserved,
    /// The name is empty, longer than 100 characters or holds control characters.
    #[error("a device name is 1 to 100 characters without control characters")]
    Name,
    /// The platform is not one we know.
    #[error("one of web, android, ios, other")]
    Platform,
}

impl FieldFault for InvalidDevice {
    fn code(&self) -> &'static str {
        match self {
            Self::ClientId | Self::Name => "invalid_format",
            Self::Reserved => "reserved",
            Self::Platform => "unknown_value",
        }
    }
}

/// How ids begin that clients are given because they have none of their own.
pub(crate) const GIVEN: &str = "given:";

/// A client's own id of its installation: 1 to 128 visible ASCII characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceClientId(String);

impl DeviceClientId {
    /// Accepts an id that a client has made. It is none of ours: whoever says one of ours could be taken for a device that
    /// is known by its token.
    pub fn parse(text: &str) -> Result<Self, InvalidDevice> {
        if text.starts_with(GIVEN) {
            return Err(InvalidDevice::Reserved);
        }
        Self::restore(text)
    }

    /// Reads the stored form, which may be one of ours.
    pub(crate) fn restore(text: &str) -> Result<Self, InvalidDevice> {
        let fits = (1..=128).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic());
        if fits { Ok(Self(text.to_owned())) } else { Err(InvalidDevice::ClientId) }
    }

    /// One that we have made, which is well formed.
    pub(crate) fn of_ours(text: &str) -> Self {
        Self(text.to_owned())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What the owner calls a device.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeviceName(DisplayName);

impl DeviceName {
    /// Accepts a name, by the rules of display names.
    pub fn parse(text: &str) -> Result<Self, InvalidDevice> {
        DisplayName::parse(text).map(Self).map_err(|_fault| InvalidDevice::Name)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl Platform {
    /// The stored form.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Web => "web",
            Self::Android => "android",
            Self::Ios => "ios",
            Self::Other => "other",
        }
    }

    /// Accepts a platform's name.
    pub fn parse(text: &str) -> Result<Self, InvalidDevice> {
        [Self::Web, Self::Android, Self::Ios, Self::Other]
            .into_iter()
            .find(|platform| platform.as_str() == text)
            .ok_or(InvalidDevice::Platform)
    }
}

impl Device {
    /// Reads the stored form.
    pub(crate) fn restore(client_id: Option<&str>, name: Option<&str>, platform: &str) -> Result<Self, InvalidDevice> {
        Ok(Self {
            client_id: client_id.map(DeviceClientId::restore).transpose()?,
            name: name.map(DeviceName::parse).transpose()?,
            platform: Platform::parse(platform)?,
        })
    }
}

/// A `User-Agent` in a few words for people: `Firefox on Linux`. None when it says nothing we know.
pub fn summarise_user_agent(user_agent: &str) -> Option<String> {
    let known = |text: &str| !text.is_empty() && text != "UNKNOWN";
    let agent = Parser::new().parse(user_agent)?;
    match (known(agent.name), known(agent.os)) {
        (true, true) => Some(format!("{} on {}", agent.name, agent.os)),
        (true, false) => Some(agent.name.to_owned()),
        (false, true) => Some(agent.os.to_owned()),
        (false, false) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_browser_is_named_in_a_few_words() {
        let firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";
        assert_eq!(summarise_user_agent(firefox).as_deref(), Some("Firefox on Linux"));
        assert_eq!(summarise_user_agent("\u{1}\u{2}"), None);
        assert_eq!(summarise_user_agent(""), None);
    }

    #[test]
    fn descriptions_are_checked() {
        assert_eq!(DeviceClientId::parse("a b"), Err(InvalidDevice::ClientId));
        assert_eq!(DeviceClientId::parse("given:AAAA"), Err(InvalidDevice::Reserved));
        assert!(DeviceClientId::restore("given:AAAA").is_ok() && DeviceClientId::parse("a-given:id").is_ok());
        assert_eq!(DeviceName::parse("\n"), Err(InvalidDevice::Name));
        assert_eq!(Platform::parse("beos"), Err(InvalidDevice::Platform));
        assert_eq!(Platform::parse("ios"), Ok(Platform::Ios));
    }
}
