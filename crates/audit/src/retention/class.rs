//! What sort of thing an event is, and for how long its body is kept.

use chrono::TimeDelta;

/// What sort of thing an event is. It follows from its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Who may do what, and who did what to the installation.
    Security,
    /// What has to be shown to those who look at the books: contracts, and whom they are with.
    Billing,
    /// Everyday work.
    Content,
    /// What this version does not know. Kept for as long as anything is.
    Other,
}

/// Which names belong where: by the longest beginning that fits. The triggers of both databases know the same list.
const BEGINNINGS: [(&str, Class); 10] = [
    ("admin.", Class::Security),
    ("audit.", Class::Security),
    ("billing.", Class::Billing),
    ("identity.", Class::Security),
    ("jobs.", Class::Security),
    ("leads.", Class::Content),
    ("leads.client.", Class::Billing),
    ("leads.contract.", Class::Billing),
    ("leads.contract_file.", Class::Billing),
    ("leads.export.", Class::Security),
];

impl Class {
    /// Every class.
    pub const ALL: [Self; 4] = [Self::Security, Self::Billing, Self::Content, Self::Other];

    /// Its name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Security => "security",
            Self::Billing => "billing",
            Self::Content => "content",
            Self::Other => "other",
        }
    }

    /// The class with a name.
    pub fn restore(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|class| class.as_str() == name)
    }

    /// The class of events of this name.
    pub fn of(event: &str) -> Self {
        let fitting = Self::beginnings().find(|(beginning, _)| event.starts_with(beginning));
        fitting.map_or(Self::Other, |(_, class)| class)
    }

    /// The classes of which names that begin so may be.
    pub fn of_beginning(beginning: &str) -> Vec<Self> {
        let longer = Self::beginnings().filter(|(known, _)| known.starts_with(beginning)).map(|(_, class)| class);
        let mut classes: Vec<_> = longer.chain([Self::of(beginning)]).collect();
        classes.sort_unstable();
        classes.dedup();
        classes
    }

    /// Which names belong where, those first that go before others. What fits none of them is [`Other`](Self::Other).
    pub fn beginnings() -> impl Iterator<Item = (&'static str, Self)> {
        // Of two beginnings of one text the longer one sorts last.
        BEGINNINGS.into_iter().rev()
    }
}

/// For how long the bodies of events are kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Periods {
    /// Of [`Class::Security`].
    pub security: TimeDelta,
    /// Of [`Class::Billing`].
    pub billing: TimeDelta,
    /// Of [`Class::Content`].
    pub content: TimeDelta,
}

impl Default for Periods {
    /// 400 days, ten years, and 90 days.
    fn default() -> Self {
        Self { security: TimeDelta::days(400), billing: TimeDelta::days(3_653), content: TimeDelta::days(90) }
    }
}

impl Periods {
    /// The period of a class; the longest of all for what is not known.
    pub fn of(&self, class: Class) -> TimeDelta {
        match class {
            Class::Security => self.security,
            Class::Billing => self.billing,
            Class::Content => self.content,
            Class::Other => self.security.max(self.billing).max(self.content),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_class_follows_from_the_longest_beginning_of_the_name() {
        let names = [
            ("identity.login.failed", Class::Security),
            ("audit.log.read", Class::Security),
            ("admin.notification.resolved", Class::Security),
            ("jobs.job.cancelled", Class::Security),
            ("leads.lead.created", Class::Content),
            ("leads.contact.received", Class::Content),
            ("leads.contract.signed", Class::Billing),
            ("leads.contract_file.added", Class::Billing),
            ("leads.client.created", Class::Billing),
            ("leads.export.taken", Class::Security),
            ("billing.invoice.issued", Class::Billing),
            ("courses.course.published", Class::Other),
            ("leadsx.lead.created", Class::Other),
            ("", Class::Other),
        ];
        for (name, class) in names {
            assert_eq!(Class::of(name), class, "{name}");
        }
    }

    #[test]
    fn names_that_begin_alike_are_of_few_classes() {
        let beginnings = [
            ("identity.", vec![Class::Security]),
            ("leads.client.", vec![Class::Billing]),
            ("leads.c", vec![Class::Billing, Class::Content]),
            ("leads.", vec![Class::Security, Class::Billing, Class::Content]),
            ("le", vec![Class::Security, Class::Billing, Class::Content, Class::Other]),
            ("courses.", vec![Class::Other]),
            ("", Class::ALL.to_vec()),
        ];
        for (beginning, classes) in beginnings {
            assert_eq!(Class::of_beginning(beginning), classes, "{beginning}");
        }
    }

    #[test]
    fn longer_beginnings_go_before_the_shorter_ones_in_them() {
        let all: Vec<_> = Class::beginnings().map(|(beginning, _)| beginning).collect();
        for (place, beginning) in all.iter().enumerate() {
            assert!(!all[..place].iter().any(|earlier| beginning.starts_with(earlier)), "{beginning}");
        }
    }

    #[test]
    fn names_of_classes_are_read_back() {
        for class in Class::ALL {
            assert_eq!(Class::restore(class.as_str()), Some(class));
        }
        assert_eq!(Class::restore("secrets"), None);
    }

    #[test]
    fn what_is_not_known_is_kept_for_as_long_as_anything_is() {
        let day = TimeDelta::days;
        assert_eq!(Periods::default().of(Class::Other), day(3_653));
        let odd = Periods { security: day(1), billing: day(2), content: day(3) };
        assert_eq!(Class::ALL.map(|class| odd.of(class)), [day(1), day(2), day(3), day(3)]);
    }
}
