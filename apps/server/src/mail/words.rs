//! What the letters about accounts say.

use ashlar_identity::{ActionPurpose, DeviceName, LinkPurpose, Platform, device::KnownDevice};

use super::{
    letter::Language,
    message::{Link, Message},
    send::FactorNews,
};

/// The page that a link of this purpose leads to.
pub(super) const fn page(purpose: LinkPurpose) -> &'static str {
    match purpose {
        LinkPurpose::Account(ActionPurpose::ResetPassword | ActionPurpose::SetPassword)
        | LinkPurpose::AlreadyRegistered => "reset-password",
        LinkPurpose::Account(ActionPurpose::UndoEmailChange) => "undo-email-change",
        LinkPurpose::Account(ActionPurpose::VerifyEmail | ActionPurpose::ChangeEmail)
        | LinkPurpose::ConfirmRegistration => "verify-email",
    }
}

/// A letter whose point is its link.
pub(super) fn link(purpose: LinkPurpose, url: &str, language: Language) -> Message {
    match language {
        Language::English => link_in_english(purpose, url),
        Language::German => link_in_german(purpose, url),
    }
}

fn message(subject: &'static str, before: &str, (label, url): (&'static str, &str), after: &str) -> Message {
    let link = Some(Link { label, url: url.to_owned() });
    Message { subject, before: vec![before.to_owned()], link, after: vec![after.to_owned()], stop: None }
}

fn link_in_english(purpose: LinkPurpose, url: &str) -> Message {
    const NOT_YOU: &str = "If it was not you, you need not do anything: nothing changes without this link.";
    match purpose {
        LinkPurpose::ConfirmRegistration => message(
            "Confirm your e-mail address",
            "somebody has registered with this e-mail address. If it was you, confirm it within 24 hours. You will be asked for the password you chose.",
            ("Confirm e-mail address", url),
            "If it was not you, you need not do anything: without this link and the password no account is opened.",
        ),
        LinkPurpose::AlreadyRegistered => message(
            "You already have an account",
            "somebody has tried to register with this e-mail address, which has an account already. If it was you, sign in instead. If you do not remember the password, set a new one within 30 minutes.",
            ("Set a new password", url),
            NOT_YOU,
        ),
        LinkPurpose::Account(ActionPurpose::ResetPassword) => message(
            "Set a new password",
            "somebody has asked for a new password for your account. If it was you, set it within 30 minutes. All sessions end then.",
            ("Set a new password", url),
            NOT_YOU,
        ),
        LinkPurpose::Account(ActionPurpose::SetPassword) => message(
            "Choose a password for your account",
            "your account was moved here from the system you have used so far. Your password could not be taken along, so please choose one within 14 days.",
            ("Choose a password", url),
            "Later than that, ask for a new password where you sign in. If you do not know of any account, you need not do anything.",
        ),
        LinkPurpose::Account(ActionPurpose::VerifyEmail) => message(
            "Confirm your e-mail address",
            "please confirm within 24 hours that this e-mail address is yours.",
            ("Confirm e-mail address", url),
            "If you have no account with us, you need not do anything.",
        ),
        LinkPurpose::Account(ActionPurpose::ChangeEmail) => message(
            "Confirm your new e-mail address",
            "somebody wants to use this e-mail address for an account. If it was you, confirm it within 24 hours.",
            ("Confirm e-mail address", url),
            NOT_YOU,
        ),
        LinkPurpose::Account(ActionPurpose::UndoEmailChange) => message(
            "Your e-mail address is about to change",
            "somebody who is signed in to your account has asked for another e-mail address for it. If it was you, you need not do anything.",
            ("Keep this e-mail address", url),
            "If it was not you, take the change back by this link within 72 hours, and set a new password. Everybody who is signed in to your account is signed out then.",
        ),
    }
}

fn link_in_german(purpose: LinkPurpose, url: &str) -> Message {
    const NOT_YOU: &str = "Wenn Sie das nicht waren, brauchen Sie nichts zu tun: Ohne diesen Link ändert sich nichts.";
    match purpose {
        LinkPurpose::ConfirmRegistration => message(
            "Bestätigen Sie Ihre E-Mail-Adresse",
            "jemand hat sich mit dieser E-Mail-Adresse registriert. Wenn Sie das waren, bestätigen Sie sie innerhalb von 24 Stunden. Sie werden nach dem gewählten Passwort gefragt.",
            ("E-Mail-Adresse bestätigen", url),
            "Wenn Sie das nicht waren, brauchen Sie nichts zu tun: Ohne diesen Link und das Passwort wird kein Konto eröffnet.",
        ),
        LinkPurpose::AlreadyRegistered => message(
            "Sie haben bereits ein Konto",
            "jemand wollte sich mit dieser E-Mail-Adresse registrieren, zu der es schon ein Konto gibt. Wenn Sie das waren, melden Sie sich einfach an. Falls Sie das Passwort nicht mehr wissen, setzen Sie innerhalb von 30 Minuten ein neues.",
            ("Neues Passwort setzen", url),
            NOT_YOU,
        ),
        LinkPurpose::Account(ActionPurpose::ResetPassword) => message(
            "Setzen Sie ein neues Passwort",
            "jemand hat für Ihr Konto ein neues Passwort angefordert. Wenn Sie das waren, setzen Sie es innerhalb von 30 Minuten. Alle Sitzungen enden damit.",
            ("Neues Passwort setzen", url),
            NOT_YOU,
        ),
        LinkPurpose::Account(ActionPurpose::SetPassword) => message(
            "Wählen Sie ein Passwort für Ihr Konto",
            "Ihr Konto ist von dem System, das Sie bisher benutzt haben, hierher umgezogen. Nur Ihr Passwort konnte nicht mitgenommen werden. Bitte wählen Sie innerhalb von 14 Tagen ein neues.",
            ("Passwort wählen", url),
            "Danach fordern Sie dort, wo Sie sich anmelden, ein neues an. Wenn Sie von keinem Konto wissen, brauchen Sie nichts zu tun.",
        ),
        LinkPurpose::Account(ActionPurpose::VerifyEmail) => message(
            "Bestätigen Sie Ihre E-Mail-Adresse",
            "bitte bestätigen Sie innerhalb von 24 Stunden, dass diese E-Mail-Adresse Ihnen gehört.",
            ("E-Mail-Adresse bestätigen", url),
            "Wenn Sie kein Konto bei uns haben, brauchen Sie nichts zu tun.",
        ),
        LinkPurpose::Account(ActionPurpose::ChangeEmail) => message(
            "Bestätigen Sie Ihre neue E-Mail-Adresse",
            "jemand möchte diese E-Mail-Adresse für ein Konto verwenden. Wenn Sie das waren, bestätigen Sie sie innerhalb von 24 Stunden.",
            ("E-Mail-Adresse bestätigen", url),
            NOT_YOU,
        ),
        LinkPurpose::Account(ActionPurpose::UndoEmailChange) => message(
            "Ihre E-Mail-Adresse soll geändert werden",
            "jemand, der in Ihrem Konto angemeldet ist, hat eine andere E-Mail-Adresse dafür angegeben. Wenn Sie das waren, brauchen Sie nichts zu tun.",
            ("Diese E-Mail-Adresse behalten", url),
            "Wenn Sie das nicht waren, nehmen Sie die Änderung innerhalb von 72 Stunden mit diesem Link zurück und setzen Sie ein neues Passwort. Alle, die in Ihrem Konto angemeldet sind, werden abgemeldet.",
        ),
    }
}

/// The password is another one since `when`.
pub(super) fn password_changed(when: &str, base: &str, language: Language) -> Message {
    let (subject, before, after) = match language {
        Language::English => (
            "Your password was changed",
            format!("your password was changed at {when}. If it was you, you need not do anything."),
            format!("If it was not you, ask for a new password at once where you sign in: {base}"),
        ),
        Language::German => (
            "Ihr Passwort wurde geändert",
            format!("Ihr Passwort wurde am {when} geändert. Wenn Sie das waren, brauchen Sie nichts zu tun."),
            format!("Wenn Sie das nicht waren, fordern Sie dort, wo Sie sich anmelden, sofort ein neues an: {base}"),
        ),
    };
    Message { subject, before: vec![before], link: None, after: vec![after], stop: None }
}

/// What a device says about itself, for people.
pub(super) fn device(device: &KnownDevice) -> String {
    let platform = match device.platform() {
        Platform::Web => "Web",
        Platform::Android => "Android",
        Platform::Ios => "iOS",
        Platform::Other => "",
    };
    let name = device.name().map_or("", DeviceName::as_str);
    match (name, platform) {
        ("", platform) => platform.to_owned(),
        (name, "") => format!("\u{201c}{name}\u{201d}"),
        (name, platform) => format!("\u{201c}{name}\u{201d}, {platform}"),
    }
}

/// Somebody signed in on a device that was not known.
pub(super) fn new_device(device: &str, when: &str, page: Option<&str>, language: Language) -> Message {
    let shown = if device.is_empty() { String::new() } else { format!(" ({device})") };
    let (subject, before, after) = match language {
        Language::English => (
            "A new device is signed in to your account",
            format!(
                "at {when} somebody signed in to your account on a device that was not used before{shown}. If it was you, you need not do anything."
            ),
            match page {
                Some(page) => format!(
                    "If it was not you, set a new password at once, and look through your devices and sessions: {page}"
                ),
                None => "If it was not you, set a new password at once, and sign out the devices and sessions that are not yours.".to_owned(),
            },
        ),
        Language::German => (
            "Ein neues Gerät ist in Ihrem Konto angemeldet",
            format!(
                "am {when} hat sich jemand mit einem bisher nicht benutzten Gerät in Ihrem Konto angemeldet{shown}. Wenn Sie das waren, brauchen Sie nichts zu tun."
            ),
            match page {
                Some(page) => format!(
                    "Wenn Sie das nicht waren, setzen Sie sofort ein neues Passwort und sehen Sie Ihre Geräte und Sitzungen durch: {page}"
                ),
                None => "Wenn Sie das nicht waren, setzen Sie sofort ein neues Passwort und melden Sie die Geräte und Sitzungen ab, die nicht Ihre sind.".to_owned(),
            },
        ),
    };
    Message { subject, before: vec![before], link: None, after: vec![after], stop: None }
}

/// Somebody guesses.
pub(super) fn locked(when: &str, language: Language) -> Message {
    let (subject, before, after) = match language {
        Language::English => (
            "Somebody tried to sign in to your account",
            format!(
                "at {when} somebody tried wrong passwords for your account, so nothing is tried for a while. Devices on which you have signed in before are not held up."
            ),
            "You need not do anything if your password is a good one that you use nowhere else.",
        ),
        Language::German => (
            "Jemand wollte sich in Ihrem Konto anmelden",
            format!(
                "am {when} hat jemand falsche Passwörter für Ihr Konto versucht; deshalb wird eine Weile keines geprüft. Geräte, auf denen Sie schon angemeldet waren, sind davon nicht betroffen."
            ),
            "Sie brauchen nichts zu tun, wenn Ihr Passwort gut ist und Sie es sonst nirgends verwenden.",
        ),
    };
    Message { subject, before: vec![before], link: None, after: vec![after.to_owned()], stop: None }
}

/// An administrator has removed a device.
pub(super) fn device_removed(when: &str, base: &str, language: Language) -> Message {
    let (subject, before, after) = match language {
        Language::English => (
            "An administrator removed one of your devices",
            format!(
                "at {when} an administrator removed one of the devices of your account. Whoever was signed in on it is signed out, and there is room for another one."
            ),
            format!("If you did not ask for it, set a new password at once and write to us: {base}"),
        ),
        Language::German => (
            "Ein Administrator hat eines Ihrer Geräte entfernt",
            format!(
                "am {when} hat ein Administrator eines der Geräte Ihres Kontos entfernt. Wer darauf angemeldet war, ist abgemeldet, und es ist Platz für ein anderes."
            ),
            format!(
                "Wenn Sie nicht darum gebeten haben, setzen Sie sofort ein neues Passwort und schreiben Sie uns: {base}"
            ),
        ),
    };
    Message { subject, before: vec![before], link: None, after: vec![after], stop: None }
}

/// Somebody who is signed in has typed wrong passwords since `when`.
pub(super) fn proofs_locked(when: &str, base: &str, language: Language) -> Message {
    let (subject, before, after) = match language {
        Language::English => (
            "Somebody in your account does not know the password",
            format!(
                "at {when} somebody who is signed in to your account typed wrong passwords several times, where the password is asked for again. In that session it is not looked at for a while. If it was you, you need not do anything."
            ),
            format!(
                "If it was not you, sign out everywhere and set a new password at once: your account may be open on a device that is not in your hands. {base}"
            ),
        ),
        Language::German => (
            "Jemand in Ihrem Konto kennt das Passwort nicht",
            format!(
                "am {when} hat jemand, der in Ihrem Konto angemeldet ist, dort mehrmals ein falsches Passwort eingegeben, wo noch einmal danach gefragt wird. In dieser Sitzung wird es eine Weile nicht geprüft. Wenn Sie das waren, brauchen Sie nichts zu tun."
            ),
            format!(
                "Wenn Sie das nicht waren, melden Sie sich überall ab und setzen Sie sofort ein neues Passwort: Ihr Konto ist vielleicht auf einem Gerät offen, das Sie nicht in der Hand haben. {base}"
            ),
        ),
    };
    Message { subject, before: vec![before], link: None, after: vec![after], stop: None }
}

/// The account is gone since `when`.
pub(super) fn deleted(when: &str, language: Language) -> Message {
    let (subject, before, after) = match language {
        Language::English => (
            "Your account was deleted",
            format!(
                "at {when} your account with us was deleted, and everybody who was signed in has been signed out. We keep this e-mail address for thirty days, so that nobody else can open an account with it, and forget it then."
            ),
            "If you did not ask for it, write to us.",
        ),
        Language::German => (
            "Ihr Konto wurde gelöscht",
            format!(
                "am {when} wurde Ihr Konto bei uns gelöscht, und alle, die angemeldet waren, sind abgemeldet. Diese E-Mail-Adresse behalten wir noch dreißig Tage, damit niemand sonst ein Konto damit eröffnet, und vergessen sie dann."
            ),
            "Wenn Sie nicht darum gebeten haben, schreiben Sie uns.",
        ),
    };
    Message { subject, before: vec![before], link: None, after: vec![after.to_owned()], stop: None }
}

/// Something about the second factor.
pub(super) fn second_factor(what: FactorNews, when: &str, language: Language) -> Message {
    let (subject, before, after) = match (what, language) {
        (FactorNews::Reset, language) => return factor_reset(when, language),
        (FactorNews::SetUp, Language::English) => (
            "An authenticator was set up",
            format!(
                "at {when} an authenticator was set up for your account. A code is asked for at each sign-in from now on."
            ),
            "If it was not you, somebody knows your password: ask for a new one, and write to us.",
        ),
        (FactorNews::SetUp, Language::German) => (
            "Ein Authenticator wurde eingerichtet",
            format!(
                "am {when} wurde für Ihr Konto ein Authenticator eingerichtet. Von nun an wird bei jeder Anmeldung ein Code verlangt."
            ),
            "Wenn Sie das nicht waren, kennt jemand Ihr Passwort: Fordern Sie ein neues an und schreiben Sie uns.",
        ),
        (FactorNews::GivenUp, Language::English) => (
            "The authenticator of your account was removed",
            format!(
                "at {when} the authenticator of your account was removed. The password is enough to sign in from now on."
            ),
            "If it was not you, set a new password at once and set the authenticator up again.",
        ),
        (FactorNews::GivenUp, Language::German) => (
            "Der Authenticator Ihres Kontos wurde entfernt",
            format!(
                "am {when} wurde der Authenticator Ihres Kontos entfernt. Von nun an genügt das Passwort, um sich anzumelden."
            ),
            "Wenn Sie das nicht waren, setzen Sie sofort ein neues Passwort und richten Sie den Authenticator wieder ein.",
        ),
        (FactorNews::Guessed, Language::English) => (
            "Somebody may know your password",
            format!(
                "at {when} somebody signed in to your account with the right password and a wrong code. Without the code they do not get in."
            ),
            "If you just mistyped the code, you need not do anything. If it was not you, set a new password now.",
        ),
        (FactorNews::Guessed, Language::German) => (
            "Jemand kennt vielleicht Ihr Passwort",
            format!(
                "am {when} hat sich jemand mit dem richtigen Passwort und einem falschen Code bei Ihrem Konto angemeldet. Ohne den Code kommt niemand hinein."
            ),
            "Wenn Sie sich nur vertippt haben, brauchen Sie nichts zu tun. Wenn Sie das nicht waren, setzen Sie jetzt ein neues Passwort.",
        ),
        (FactorNews::FewCodes, Language::English) => (
            "Few backup codes are left",
            format!("at {when} you signed in with a backup code, and three or fewer are left."),
            "Make new ones in the settings of your account, and keep them where you find them without your phone.",
        ),
        (FactorNews::FewCodes, Language::German) => (
            "Es sind nur noch wenige Ersatzcodes übrig",
            format!("am {when} haben Sie sich mit einem Ersatzcode angemeldet; drei oder weniger sind übrig."),
            "Erzeugen Sie in den Einstellungen Ihres Kontos neue und bewahren Sie sie dort auf, wo Sie sie ohne Ihr Telefon finden.",
        ),
    };
    Message { subject, before: vec![before], link: None, after: vec![after.to_owned()], stop: None }
}

/// An administrator has taken the second factor away.
fn factor_reset(when: &str, language: Language) -> Message {
    let (subject, before, after) = match language {
        Language::English => (
            "An administrator removed your authenticator",
            format!(
                "at {when} an administrator removed the authenticator and the backup codes of your account. The password is enough to sign in from now on, and everybody who was signed in has been signed out."
            ),
            "If you did not ask for it, set a new password at once and write to us. If you did, set a new authenticator up.",
        ),
        Language::German => (
            "Ein Administrator hat Ihren Authenticator entfernt",
            format!(
                "am {when} hat ein Administrator den Authenticator und die Ersatzcodes Ihres Kontos entfernt. Von nun an genügt das Passwort, um sich anzumelden, und alle, die angemeldet waren, sind abgemeldet."
            ),
            "Wenn Sie nicht darum gebeten haben, setzen Sie sofort ein neues Passwort und schreiben Sie uns. Wenn doch, richten Sie einen neuen Authenticator ein.",
        ),
    };
    Message { subject, before: vec![before], link: None, after: vec![after.to_owned()], stop: None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mail::{Letter, message::MessageTo};

    const PURPOSES: [LinkPurpose; 7] = [
        LinkPurpose::ConfirmRegistration,
        LinkPurpose::AlreadyRegistered,
        LinkPurpose::Account(ActionPurpose::ResetPassword),
        LinkPurpose::Account(ActionPurpose::SetPassword),
        LinkPurpose::Account(ActionPurpose::VerifyEmail),
        LinkPurpose::Account(ActionPurpose::ChangeEmail),
        LinkPurpose::Account(ActionPurpose::UndoEmailChange),
    ];

    #[test]
    fn every_letter_has_its_link_once_as_text_and_its_words_fit_a_line() {
        let url = "https://api.example.org/account/reset-password#token=asa1_x";
        for language in [Language::English, Language::German] {
            for purpose in PURPOSES {
                let letter = MessageTo { name: Some("<b>Ada".to_owned()), message: move |to| link(purpose, url, to) };
                let written = letter.write(language).unwrap();
                assert_eq!(written.text.matches(url).count(), 1, "{}", written.text);
                assert!(written.html.contains(&format!("href=\"{url}\"")), "{}", written.html);
                assert!(written.html.contains("&#60;b&#62;Ada"), "{}", written.html);
                assert!(written.text.lines().all(|line| line.chars().count() <= 78), "{}", written.text);
            }
        }
    }

    #[test]
    fn languages_have_words_of_their_own() {
        for purpose in PURPOSES {
            assert_ne!(link(purpose, "u", Language::English), link(purpose, "u", Language::German));
        }
        assert_ne!(locked("t", Language::English), locked("t", Language::German));
        assert_ne!(proofs_locked("t", "b", Language::English), proofs_locked("t", "b", Language::German));
        assert_ne!(device_removed("t", "b", Language::English), device_removed("t", "b", Language::German));
        for page in [Some("https://b.example/devices"), None] {
            let letters = [Language::English, Language::German].map(|to| new_device("d", "t", page, to));
            assert_ne!(letters[0], letters[1]);
            let has_link = |letter: &Message| letter.after.concat().contains("://");
            assert!(letters.iter().all(|letter| has_link(letter) == page.is_some()), "{letters:?}");
        }
        assert_ne!(password_changed("t", "b", Language::English), password_changed("t", "b", Language::German));
    }
}
