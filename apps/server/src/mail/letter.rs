//! Letters, as text and as HTML, in the languages we have.

use askama::Template;

/// A language that letters are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// English, which every letter has.
    English,
    /// German.
    German,
}

impl Language {
    /// The language closest to a BCP 47 tag: by its first part. English when there is none.
    pub fn closest_to(tag: Option<&str>) -> Self {
        match tag.and_then(|tag| tag.split(['-', '_']).next()).map(str::to_ascii_lowercase).as_deref() {
            Some("de") => Self::German,
            _ => Self::English,
        }
    }
}

/// What a letter says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// The subject.
    pub subject: String,
    /// For people without HTML.
    pub text: String,
    /// The same as HTML.
    pub html: String,
}

/// Something to write to somebody.
pub trait Letter: Send + Sync {
    /// Says it in a language, or in English where the letter has no other.
    fn write(&self, language: Language) -> Result<Written, askama::Error>;
}

/// Renders the two templates of a letter.
fn written(subject: &str, text: &impl Template, html: &impl Template) -> Result<Written, askama::Error> {
    Ok(Written { subject: subject.to_owned(), text: text.render()?, html: html.render()? })
}

/// One language of a letter: two templates with the same fields.
macro_rules! templates {
    ($module:ident, $text:literal, $html:literal, $language:literal, { $($field:ident),+ $(,)? }) => {
        mod $module {
            use askama::Template;

            #[derive(Template)]
            #[template(path = $text, escape = "none")]
            pub(super) struct Text<'l> { $(pub(super) $field: &'l str),+ }

            #[derive(Template)]
            #[template(path = $html)]
            pub(super) struct Html<'l> {
                pub(super) subject: &'l str,
                pub(super) language: &'static str,
                $(pub(super) $field: &'l str),+
            }

            /// The language of the templates, as HTML names it.
            pub(super) const LANGUAGE: &str = $language;
        }
    };
}

templates!(reuse_en, "mail/session_reuse.en.txt", "mail/session_reuse.en.html", "en", { name, when, base });
templates!(reuse_de, "mail/session_reuse.de.txt", "mail/session_reuse.de.html", "de", { name, when, base });
templates!(trial_en, "mail/trial.en.txt", "mail/trial.en.html", "en", { base });

/// An old refresh token was presented, and the session was ended.
#[derive(Debug, Clone)]
pub struct SessionReuse {
    /// What the person is called.
    pub name: String,
    /// When it happened, in UTC, as people read it.
    pub when: String,
    /// Where to go.
    pub base: String,
}

impl Letter for SessionReuse {
    fn write(&self, language: Language) -> Result<Written, askama::Error> {
        let Self { name, when, base } = self;
        match language {
            Language::English => {
                let subject = "One of your sessions was ended";
                let html = reuse_en::Html { subject, language: reuse_en::LANGUAGE, name, when, base };
                written(subject, &reuse_en::Text { name, when, base }, &html)
            }
            Language::German => {
                let subject = "Eine Ihrer Sitzungen wurde beendet";
                let html = reuse_de::Html { subject, language: reuse_de::LANGUAGE, name, when, base };
                written(subject, &reuse_de::Text { name, when, base }, &html)
            }
        }
    }
}

/// Says that mail works, to the operator who asks.
#[derive(Debug, Clone)]
pub struct Trial {
    /// Which installation it is.
    pub base: String,
}

impl Letter for Trial {
    fn write(&self, _language: Language) -> Result<Written, askama::Error> {
        let (subject, base) = ("Mail from your Ashlar works", &self.base);
        let html = trial_en::Html { subject, language: trial_en::LANGUAGE, base };
        written(subject, &trial_en::Text { base }, &html)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn letter(name: &str) -> SessionReuse {
        let (when, base) = ("2030-01-01 12:00 UTC".to_owned(), "https://api.example.org".to_owned());
        SessionReuse { name: name.to_owned(), when, base }
    }

    #[test]
    fn what_people_call_themselves_is_text_in_html_too() {
        let written = letter("<b>Ada & \"Co\"</b>").write(Language::English).unwrap();
        assert!(written.text.starts_with("Hello <b>Ada & \"Co\"</b>,"), "{}", written.text);
        assert!(!written.html.contains("<b>Ada"), "{}", written.html);
        assert!(written.html.contains("&#60;b&#62;Ada &#38;"), "{}", written.html);
    }

    #[test]
    fn a_language_is_found_by_its_first_part() {
        for (tag, language) in [
            (None, Language::English),
            (Some("de-AT"), Language::German),
            (Some("DE"), Language::German),
            (Some("den"), Language::English),
            (Some("fr"), Language::English),
        ] {
            assert_eq!(Language::closest_to(tag), language, "{tag:?}");
        }
        assert!(letter("Ada").write(Language::German).unwrap().html.contains("<html lang=\"de\">"));
    }

    #[test]
    fn letters_need_nothing_from_elsewhere_and_have_short_lines() {
        let letters: [Written; 3] = [
            letter("Ada").write(Language::English).unwrap(),
            letter("Ada").write(Language::German).unwrap(),
            Trial { base: "https://api.example.org".to_owned() }.write(Language::English).unwrap(),
        ];
        for Written { subject, text, html } in letters {
            assert!(text.lines().all(|line| line.chars().count() <= 78), "{text}");
            assert!(["src=", "@import", "url(", "<script", "<link"].iter().all(|from| !html.contains(from)), "{html}");
            assert!(html.contains(&format!("<title>{subject}</title>")), "{html}");
            assert!(!text.contains("{{") && !html.contains("{{"));
        }
    }
}
