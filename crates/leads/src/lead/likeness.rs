//! How alike two leads are: whether they may be one person.

use ashlar_kernel::Email;

use super::{Lead, Phone, choice::choice};

choice! {
    /// What two leads have in common that people rarely share.
    Likeness, "email, phone, name_and_company" {
        /// The mailbox: the addresses are different, and their [folded forms](Lead::mailbox_key) are not.
        Email = "email",
        /// The number.
        Phone = "phone",
        /// What they are called and where they work.
        NameAndCompany = "name_and_company",
    }
}

impl Likeness {
    const fn points(self) -> u8 {
        match self {
            Self::Email => 60,
            Self::Phone => 50,
            Self::NameAndCompany => 40,
        }
    }

    /// How likely two leads are one person that have so much in common, from 0 to 100.
    pub fn score(common: &[Self]) -> u8 {
        common.iter().map(|one| one.points()).sum::<u8>().min(100)
    }
}

impl Lead {
    /// What a lead has in common with another.
    pub fn likenesses(&self, other: &Self) -> Vec<Likeness> {
        let (mine, theirs) = (self.details(), other.details());
        let number = |phone: &Option<Phone>| phone.as_ref().map(|phone| phone.e164().to_owned());
        let company = self.company_key();
        let common = [
            (Likeness::Email, self.mailbox_key().is_some() && self.mailbox_key() == other.mailbox_key()),
            (Likeness::Phone, mine.phone.is_some() && number(&mine.phone) == number(&theirs.phone)),
            (
                Likeness::NameAndCompany,
                company.is_some() && company == other.company_key() && mine.full_name.key() == theirs.full_name.key(),
            ),
        ];
        common.into_iter().filter(|(_, is_common)| *is_common).map(|(likeness, _)| likeness).collect()
    }

    /// The form of its address that is equal for every address that reaches the same mailbox, as far as that is known.
    pub fn mailbox_key(&self) -> Option<String> {
        let email = self.details().email.as_ref()?;
        Some(folded(email).unwrap_or_else(|| email.key().to_owned()))
    }

    /// The same, only where it is another than the canonical form of the address: most addresses have nothing to fold.
    pub fn email_fold(&self) -> Option<String> {
        self.details().email.as_ref().and_then(folded)
    }
}

/// Domains of the one provider that is known to ignore dots.
const DOTLESS: [&str; 2] = ["gmail.com", "googlemail.com"];

/// Without what follows a plus sign (RFC 5233 calls it a detail), and without the dots that one provider ignores; none if
/// nothing is left out, or nothing would be left. Never for uniqueness: to other hosts, these are addresses of their own.
fn folded(email: &Email) -> Option<String> {
    let (local, domain) = email.key().rsplit_once('@')?;
    let local = local.split('+').next().filter(|local| !local.is_empty())?;
    let (local, domain) =
        if DOTLESS.contains(&domain) { (local.replace('.', ""), DOTLESS[0]) } else { (local.to_owned(), domain) };
    let folded = format!("{local}@{domain}");
    (folded != email.key() && !local.is_empty()).then_some(folded)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_of_one_mailbox_fold_to_one() {
        let fold = |text: &str| folded(&Email::parse(text).unwrap());
        for (address, expected) in [
            ("ada@example.org", None),
            ("a.d.a@example.org", None),
            ("Ada+news@Example.org", Some("ada@example.org")),
            ("ada+a+b@example.org", Some("ada@example.org")),
            ("+news@example.org", None),
            ("ada@gmail.com", None),
            ("A.da@gmail.com", Some("ada@gmail.com")),
            ("a.d.a+x@googlemail.com", Some("ada@gmail.com")),
            ("ada@googlemail.com", Some("ada@gmail.com")),
        ] {
            assert_eq!(fold(address).as_deref(), expected, "{address}");
        }
    }

    #[test]
    fn the_more_is_common_the_higher_the_score() {
        let score = Likeness::score;
        assert_eq!((score(&[]), score(&[Likeness::NameAndCompany]), score(Likeness::ALL)), (0, 40, 100));
        assert!(score(&[Likeness::Email]) > score(&[Likeness::Phone]));
    }
}
