# Ruby spends three quarters of its start on RubyGems and on what explains errors (did_you_mean, error_highlight,
# syntax_suggest). Programs run with --disable=gems and this file instead, which brings them in when they are used.

autoload :Gem, "rubygems"
autoload :RbConfig, "rbconfig"
autoload :Monitor, "monitor"
autoload :MonitorMixin, "monitor"
autoload :DidYouMean, "did_you_mean"
autoload :ErrorHighlight, "error_highlight"
autoload :SyntaxSuggest, "syntax_suggest/core_ext"

# Somebody watches the program run: nothing is kept back, as on a terminal.
$stdout.sync = true if ENV.key?("STDOUT_LINE_BUFFERED")

module Kernel
  private def gem(...)
    require "rubygems" # Puts its own method in place of this one.
    gem(...)
  end
end

# The first error that is shown loads the explanations, which then get to see it too.
module LazyExplanations
  EXPLAINED = [NameError, TypeError, ArgumentError, KeyError, NoMatchingPatternKeyError, LoadError, SyntaxError].freeze

  def detailed_message(**options)
    return super unless Ractor.current == Ractor.main # Others may not load anything.

    LazyExplanations.remove_method :detailed_message
    require "error_highlight"
    require "did_you_mean"
    require "syntax_suggest/core_ext"
    # They have put themselves in front of these classes. A class of the program's own has had its turn already.
    kind = EXPLAINED.find { |explained| is_a?(explained) } || Exception
    kind.instance_method(:detailed_message).bind_call(self, **options)
  end

  Exception.prepend self
end
