fn main() -> std::process::ExitCode {
    guildhall::Program::new(outside::ALL).checkers(outside::checkers()).run()
}
