//! The list of passwords everybody tries first.

/// Django's list of 19,640 common passwords, sorted by bytes. Its licence lies beside it.
const LIST: &str = include_str!("../../data/common-passwords.txt");

/// Whether a text is one of them.
pub(super) struct CommonPasswords(Vec<&'static str>);

impl CommonPasswords {
    pub(super) fn new() -> Self {
        Self(LIST.lines().collect())
    }

    pub(super) fn contains(&self, text: &str) -> bool {
        self.0.binary_search(&text).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_whole_and_sorted() {
        let list = CommonPasswords::new();
        assert_eq!(list.0.len(), 19_640);
        assert!(list.0.is_sorted());
        assert!(list.contains("password") && list.contains("123456") && !list.contains(""));
    }
}
