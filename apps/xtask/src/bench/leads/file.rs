//! A file of leads, the same for every run.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::Range;
use std::path::Path;

use anyhow::Result;

const FIRST: [&str; 30] = [
    "Ada",
    "Grace",
    "Alan",
    "Edsger",
    "Barbara",
    "Donald",
    "Leslie",
    "Tony",
    "Niklaus",
    "John",
    "Margaret",
    "Frances",
    "Katherine",
    "Dorothy",
    "Mary",
    "Radia",
    "Shafi",
    "Silvio",
    "Whitfield",
    "Martin",
    "Ken",
    "Dennis",
    "Brian",
    "Bjarne",
    "Guido",
    "Yukihiro",
    "Larry",
    "James",
    "Anders",
    "Linus",
];
const LAST: [&str; 20] = [
    "Love", "Hop", "Tur", "Dijk", "Lis", "Knu", "Lamp", "Hoa", "Wir", "Back", "Hamil", "All", "Vaugh", "Jack", "Perl",
    "Gold", "Mic", "Diff", "Thomp", "Kern",
];
const LASTER: [&str; 12] = ["lace", "per", "ing", "stra", "kov", "th", "ort", "tus", "ton", "en", "son", "man"];
const COMPANIES: [&str; 10] =
    ["Acme", "Globex", "Initech", "Umbrella", "Hooli", "Stark", "Wayne", "Wonka", "Tyrell", "Cyberdyne"];
const SOURCES: [&str; 8] = ["website", "referral", "social", "email", "phone", "event", "advertisement", "partner"];
const CATEGORIES: [&str; 9] =
    ["web_dev", "mobile_dev", "design", "seo", "marketing", "consulting", "support", "course", "other"];

/// Writes the rows of these numbers; how many bytes. Every address is another one, and a row is the same in every file.
pub(super) fn write(path: &Path, numbers: Range<u64>) -> Result<u64> {
    let mut file = BufWriter::new(File::create(path)?);
    writeln!(file, "full_name,email,phone_number,company_name,position,source,category,tags,notes")?;
    for number in numbers {
        // SplitMix64: far-apart numbers from neighbours.
        let mixed = mix(number);
        let pick = |from: &[&'static str], shift: u32| {
            let length = u64::try_from(from.len()).unwrap_or(1);
            from.get(usize::try_from((mixed >> shift) % length).unwrap_or(0)).copied().unwrap_or_default()
        };
        let (first, last) = (pick(&FIRST, 0), format!("{}{}", pick(&LAST, 8), pick(&LASTER, 16)));
        let (company, source, category) = (pick(&COMPANIES, 24), pick(&SOURCES, 32), pick(&CATEGORIES, 40));
        let address = format!("{}.{}{number}@mail{}.example", first.to_lowercase(), last.to_lowercase(), number % 997);
        writeln!(
            file,
            "{first} {last},{address},+4930{},{company} {last} {},Engineer {},{source},{category},t{} x{},\
             Met at stand {} and asked for an offer",
            1_000_000 + mixed % 8_999_999,
            number % 5_000,
            number % 40,
            number % 1_000,
            number % 7,
            number % 100,
        )?;
    }
    file.flush()?;
    Ok(file.get_ref().metadata()?.len())
}

fn mix(number: u64) -> u64 {
    let mut mixed = number.wrapping_add(1).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}
