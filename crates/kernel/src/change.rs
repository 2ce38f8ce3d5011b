//! New state together with what explains it.

/// The outcome of a decision: the state it leads to and the events that explain it, never one without the other.
///
/// Aggregates return it, write ports take it, and the adapter saves both in one transaction.
#[must_use = "a change is lost until a unit of work saves it"]
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Change<T, E> {
    state: T,
    events: Vec<E>,
}

impl<T, E> Change<T, E> {
    /// `state`, explained by `event`.
    pub fn new(state: T, event: E) -> Self {
        Self { state, events: vec![event] }
    }

    /// The same change with one more fact.
    pub fn and(mut self, event: E) -> Self {
        self.events.push(event);
        self
    }

    /// The state it leads to.
    pub const fn state(&self) -> &T {
        &self.state
    }

    /// The facts, in the order they happened. At least one.
    pub fn events(&self) -> &[E] {
        &self.events
    }

    /// Takes it apart; for adapters, which save both.
    pub fn into_parts(self) -> (T, Vec<E>) {
        (self.state, self.events)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn facts_keep_their_order() {
        let (state, events) = Change::new(2, "first").and("second").into_parts();
        assert_eq!((state, events), (2, vec!["first", "second"]));
    }
}
