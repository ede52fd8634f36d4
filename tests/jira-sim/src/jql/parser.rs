//! From tokens to clauses. `AND` binds before `OR`.

use super::{
    Clause, Operand, Operator, Query,
    tokens::{Token, tokens},
};

/// Most fields of an ORDER BY.
const MOST_SORT_FIELDS: usize = 7;

/// Reads a query; the error is Jira's message for it.
pub(crate) fn parse(text: &str) -> Result<Query, String> {
    let mut parser = Parser { tokens: tokens(text)?, at: 0 };
    let clause = if parser.at_end() || parser.is_keyword("order") { None } else { Some(parser.any()?) };
    let order = parser.order_by()?;
    match parser.peek() {
        None => Ok(Query { clause, order }),
        Some(_) => Err(parser.unexpected("either 'OR' or 'AND'")),
    }
}

struct Parser {
    tokens: Vec<Token>,
    at: usize,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.at)
    }

    fn at_end(&self) -> bool {
        self.at >= self.tokens.len()
    }

    fn next(&mut self) -> Option<Token> {
        let token = self.tokens.get(self.at).cloned();
        self.at += 1;
        token
    }

    fn is_keyword(&self, keyword: &str) -> bool {
        matches!(self.peek(), Some(Token::Word(word)) if word.eq_ignore_ascii_case(keyword))
    }

    fn take_keyword(&mut self, keyword: &str) -> bool {
        let found = self.is_keyword(keyword);
        self.at += usize::from(found);
        found
    }

    fn take_sign(&mut self, sign: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Sign(found)) if *found == sign);
        self.at += usize::from(found);
        found
    }

    fn unexpected(&self, expected: &str) -> String {
        let found = match self.peek() {
            None => "the end of the query".to_owned(),
            Some(Token::Word(word) | Token::Quoted(word)) => format!("'{word}'"),
            Some(Token::Sign(sign)) => format!("'{sign}'"),
        };
        format!("Error in the JQL Query: Expecting {expected} but got {found}.")
    }

    fn any(&mut self) -> Result<Clause, String> {
        let mut clauses = vec![self.all()?];
        while self.take_keyword("or") || self.take_sign("||") {
            clauses.push(self.all()?);
        }
        Ok(one_or(clauses, Clause::Any))
    }

    fn all(&mut self) -> Result<Clause, String> {
        let mut clauses = vec![self.not()?];
        while self.take_keyword("and") || self.take_sign("&&") {
            clauses.push(self.not()?);
        }
        Ok(one_or(clauses, Clause::All))
    }

    fn not(&mut self) -> Result<Clause, String> {
        if self.take_keyword("not") || self.take_sign("!") {
            return Ok(Clause::Not(Box::new(self.not()?)));
        }
        if self.take_sign("(") {
            let clause = self.any()?;
            return if self.take_sign(")") { Ok(clause) } else { Err(self.unexpected("')'")) };
        }
        self.term()
    }

    fn term(&mut self) -> Result<Clause, String> {
        let field = match self.peek() {
            Some(Token::Word(word)) if !is_reserved(word) => word.clone(),
            Some(Token::Quoted(word)) => word.clone(),
            _ => return Err(self.unexpected("a field name")),
        };
        self.at += 1;
        let operator = self.operator()?;
        let operand = self.operand()?;
        let fits = match operator {
            Operator::In | Operator::NotIn => matches!(operand, Operand::List(_) | Operand::Function(..)),
            Operator::Is | Operator::IsNot => true,
            _ => !matches!(operand, Operand::List(_)),
        };
        if !fits {
            return Err(format!(
                "Operator does not support this operand for the field '{field}'. Use the 'in' operator for lists."
            ));
        }
        Ok(Clause::Term { field, operator, operand })
    }

    fn operator(&mut self) -> Result<Operator, String> {
        const EXPECTED: &str =
            "operator, one of '=', '!=', '<', '>', '<=', '>=', '~', '!~', 'IN', 'IS', 'NOT IN'";
        if self.take_keyword("is") {
            return Ok(if self.take_keyword("not") { Operator::IsNot } else { Operator::Is });
        }
        if self.take_keyword("in") {
            return Ok(Operator::In);
        }
        if self.is_keyword("not") {
            self.at += 1;
            return if self.take_keyword("in") { Ok(Operator::NotIn) } else { Err(self.unexpected("'IN'")) };
        }
        let operator = match self.peek() {
            Some(Token::Sign("=")) => Operator::Equals,
            Some(Token::Sign("!=")) => Operator::NotEquals,
            Some(Token::Sign("<")) => Operator::Less,
            Some(Token::Sign("<=")) => Operator::LessOrEqual,
            Some(Token::Sign(">")) => Operator::Greater,
            Some(Token::Sign(">=")) => Operator::GreaterOrEqual,
            Some(Token::Sign("~")) => Operator::Contains,
            Some(Token::Sign("!~")) => Operator::NotContains,
            _ => return Err(self.unexpected(EXPECTED)),
        };
        self.at += 1;
        Ok(operator)
    }

    fn operand(&mut self) -> Result<Operand, String> {
        if self.take_sign("(") {
            let mut values = vec![self.operand()?];
            while self.take_sign(",") {
                values.push(self.operand()?);
            }
            return if self.take_sign(")") { Ok(Operand::List(values)) } else { Err(self.unexpected("')'")) };
        }
        match self.next() {
            Some(Token::Quoted(text)) => Ok(Operand::Value(text)),
            Some(Token::Word(word))
                if word.eq_ignore_ascii_case("empty") || word.eq_ignore_ascii_case("null") =>
            {
                Ok(Operand::Empty)
            }
            Some(Token::Word(word)) if self.take_sign("(") => {
                let mut arguments = Vec::new();
                while !self.take_sign(")") {
                    match self.next() {
                        Some(Token::Word(text) | Token::Quoted(text)) => arguments.push(text),
                        Some(Token::Sign(",")) => {}
                        _ => return Err(self.unexpected("')'")),
                    }
                }
                Ok(Operand::Function(word, arguments))
            }
            Some(Token::Word(word)) if !is_reserved(&word) => Ok(Operand::Value(word)),
            _ => {
                self.at -= 1;
                Err(self.unexpected("a value, list or function"))
            }
        }
    }

    fn order_by(&mut self) -> Result<Vec<(String, bool)>, String> {
        let mut order = Vec::new();
        if !self.take_keyword("order") {
            return Ok(order);
        }
        if !self.take_keyword("by") {
            return Err(self.unexpected("'BY'"));
        }
        loop {
            let Some(Token::Word(field) | Token::Quoted(field)) = self.next() else {
                self.at -= 1;
                return Err(self.unexpected("a field name"));
            };
            let descending = self.take_keyword("desc");
            if !descending {
                self.take_keyword("asc");
            }
            order.push((field, descending));
            if !self.take_sign(",") {
                break;
            }
        }
        if order.len() > MOST_SORT_FIELDS {
            return Err(format!(
                "Error in the JQL Query: at most {MOST_SORT_FIELDS} fields can be sorted by."
            ));
        }
        Ok(order)
    }
}

fn one_or(mut clauses: Vec<Clause>, many: fn(Vec<Clause>) -> Clause) -> Clause {
    match clauses.pop() {
        Some(only) if clauses.is_empty() => only,
        Some(last) => {
            clauses.push(last);
            many(clauses)
        }
        None => many(clauses),
    }
}

fn is_reserved(word: &str) -> bool {
    ["and", "or", "not", "in", "is", "order", "by", "empty", "null", "asc", "desc"]
        .iter()
        .any(|reserved| word.eq_ignore_ascii_case(reserved))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn term(field: &str, operator: Operator, operand: Operand) -> Clause {
        Clause::Term { field: field.to_owned(), operator, operand }
    }

    fn value(text: &str) -> Operand {
        Operand::Value(text.to_owned())
    }

    #[test]
    fn and_binds_before_or_and_not_before_both() {
        let query = parse("a = 1 OR NOT b = 2 AND c = 3").unwrap();
        let one = term("a", Operator::Equals, value("1"));
        let two = Clause::Not(Box::new(term("b", Operator::Equals, value("2"))));
        let three = term("c", Operator::Equals, value("3"));
        assert_eq!(query.clause, Some(Clause::Any(vec![one, Clause::All(vec![two, three])])));
    }

    #[test]
    fn quotes_protect_keywords_and_signs() {
        let query = parse(r#"labels = "not (a = b) \"or\" c" ORDER BY created DESC, key"#).unwrap();
        assert_eq!(query.clause, Some(term("labels", Operator::Equals, value("not (a = b) \"or\" c"))));
        assert_eq!(query.order, [("created".to_owned(), true), ("key".to_owned(), false)]);
    }

    #[test]
    fn relative_dates_functions_and_lists_are_operands() {
        let query =
            parse("created >= -30d AND assignee in (currentUser(), acc-1) and due is not EMPTY").unwrap();
        let list =
            Operand::List(vec![Operand::Function("currentUser".to_owned(), Vec::new()), value("acc-1")]);
        let expected = vec![
            term("created", Operator::GreaterOrEqual, value("-30d")),
            term("assignee", Operator::In, list),
            term("due", Operator::IsNot, Operand::Empty),
        ];
        assert_eq!(query.clause, Some(Clause::All(expected)));
    }

    #[test]
    fn more_than_seven_sort_fields_are_too_many() {
        assert!(parse("a = 1 ORDER BY a, b, c, d, e, f, g").is_ok());
        assert!(parse("a = 1 ORDER BY a, b, c, d, e, f, g, h").is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in any::<String>()) {
            let _ = parse(&text);
        }

        #[test]
        fn a_quoted_value_is_read_as_it_was_written(text in "[^\\\\\"]*") {
            let query = parse(&format!("summary ~ \"{text}\"")).unwrap();
            prop_assert_eq!(query.clause, Some(term("summary", Operator::Contains, value(&text))));
        }

        #[test]
        fn what_looks_like_a_query_does_not_make_it_panic(
            words in prop::collection::vec(
                prop::sample::select(vec!["project", "=", "(", ")", "AND", "NOT", "in", "is", "EMPTY", "\"x\"", ",", "~", "order", "by", "!", "-3d"]),
                0..12,
            ),
        ) {
            let _ = parse(&words.join(" "));
        }
    }
}
