import Admin

extension AdminClient {
    /// Asks for one page after the other until there are enough items or no more, and gives them as one page.
    /// - Parameter page: asks for a page of a size at a cursor.
    func pages<Page, Item>(
        of items: WritableKeyPath<Page, [Item]>, _ cursor: KeyPath<Page, String?>, limit: Int,
        _ page: (_ size: Int, _ cursor: String?) async throws -> Page
    ) async throws -> Page {
        var result = try await page(min(limit, API.maximumLimit), nil)
        while let next = result[keyPath: cursor], result[keyPath: items].count < limit {
            let size = min(limit - result[keyPath: items].count, API.maximumLimit)
            var following = try await page(size, next)
            following[keyPath: items] = result[keyPath: items] + following[keyPath: items]
            result = following
        }
        return result
    }
}

/// Says that there is more than was printed.
func printMore(_ cursor: String?) {
    if cursor != nil { printError("there are more: --limit sets how many are shown") }
}
