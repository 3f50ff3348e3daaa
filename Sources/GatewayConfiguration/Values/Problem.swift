extension GatewayConfiguration {
    /// One thing that is wrong with a configuration, and where.
    ///
    /// A message never holds a value that came out of a variable or a file, nor a secret that was written literally.
    package struct Problem: Error, Sendable, Hashable, CustomStringConvertible {
        /// The name of the file as the caller gave it.
        package let file: String
        /// The line, from 1.
        package let line: Int
        /// The column, from 1, counted in Unicode scalars.
        package let column: Int
        /// What was found, what is expected, and an example: one line.
        package let message: String

        /// Makes a problem at a place of a file.
        package init(file: String, line: Int, column: Int, message: String) {
            self.file = file
            self.line = line
            self.column = column
            self.message = message
        }

        /// The problem as `FILE:LINE:COLUMN: message`, the form that editors jump to.
        package var description: String { "\(file):\(line):\(column): \(message)" }
    }

    /// All that is wrong with a configuration, at least one problem, in the order of the file.
    package struct Problems: Error, Sendable, CustomStringConvertible {
        /// The problems in the order of the file, at least one.
        package let problems: [Problem]
        /// What is not wrong but was probably not meant, in the order of the file.
        package let warnings: [Problem]

        /// Makes the list of problems.
        package init(_ problems: [Problem], warnings: [Problem] = []) {
            self.problems = problems
            self.warnings = warnings
        }

        /// The problems, one a line.
        package var description: String { problems.map(\.description).joined(separator: "\n") }
    }

    /// A configuration that is fit to use, with what was probably not meant.
    package struct Loaded: Sendable {
        /// The configuration.
        package let configuration: GatewayConfiguration
        /// What is not wrong but was probably not meant, in the order of the file.
        package let warnings: [Problem]

        /// Makes the result of loading.
        package init(configuration: GatewayConfiguration, warnings: [Problem]) {
            self.configuration = configuration
            self.warnings = warnings
        }
    }
}
